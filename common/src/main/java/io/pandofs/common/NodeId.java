package io.pandofs.common;

/**
 * The identity of a node: granted once through the log and never reused, so a wiped node comes back
 * under another one. Not an address.
 *
 * @param value 1 to 2^63-1
 */
public record NodeId(long value) implements Comparable<NodeId> {
  public NodeId {
    if (value <= 0) {
      throw new IllegalArgumentException("not a valid number for NodeId: " + value);
    }
  }

  @Override
  public int compareTo(NodeId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "n" + value;
  }
}
