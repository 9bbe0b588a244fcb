package io.pandofs.common;

/**
 * A point in time as inodes keep it.
 *
 * @param seconds since 1970-01-01 UTC, may be negative
 * @param nanos 0 to 999,999,999
 */
public record Timestamp(long seconds, int nanos) implements Comparable<Timestamp> {
  public static final Timestamp EPOCH = new Timestamp(0, 0);
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  public Timestamp {
    if (nanos < 0 || nanos >= NANOS_PER_SECOND) {
      throw new IllegalArgumentException("nanoseconds out of range: " + nanos);
    }
  }

  /** The next representable instant. */
  public Timestamp next() {
    return nanos + 1 < NANOS_PER_SECOND
        ? new Timestamp(seconds, nanos + 1)
        : new Timestamp(seconds + 1, 0);
  }

  public static Timestamp max(Timestamp a, Timestamp b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  @Override
  public int compareTo(Timestamp other) {
    int bySeconds = Long.compare(seconds, other.seconds);
    return bySeconds != 0 ? bySeconds : Integer.compare(nanos, other.nanos);
  }
}
