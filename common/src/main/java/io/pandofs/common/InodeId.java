package io.pandofs.common;

/**
 * The number of an inode: 63 bits, never zero, never reused. FUSE node numbers are equal to it.
 *
 * @param value 1 to 2^63-1
 */
public record InodeId(long value) implements Comparable<InodeId> {
  /** The root directory. */
  public static final InodeId ROOT = new InodeId(1);

  public InodeId {
    if (value <= 0) {
      throw new IllegalArgumentException("not an inode number: " + value);
    }
  }

  @Override
  public int compareTo(InodeId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "i" + value;
  }
}
