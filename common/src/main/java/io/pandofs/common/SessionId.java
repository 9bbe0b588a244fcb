package io.pandofs.common;

/**
 * The number of a session: one mount from registration to expiry. Granted through the log, never
 * reused.
 *
 * @param value 1 to 2^63-1
 */
public record SessionId(long value) implements Comparable<SessionId> {
  public SessionId {
    if (value <= 0) {
      throw new IllegalArgumentException("not a valid number for SessionId: " + value);
    }
  }

  @Override
  public int compareTo(SessionId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "s" + value;
  }
}
