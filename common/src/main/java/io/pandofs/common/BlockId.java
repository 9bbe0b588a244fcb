package io.pandofs.common;

/**
 * The number of a block: 63 bits, never zero, never reused. The low eight bits are the placement
 * group, the rest is a serial number from a range that the log granted to a session.
 *
 * @param value 1 to 2^63-1
 */
public record BlockId(long value) implements Comparable<BlockId> {
  /** How many placement groups there are; fixed for the life of a volume. */
  public static final int GROUPS = 256;

  private static final int GROUP_BITS = 8;

  /** The largest serial number. */
  public static final long SERIAL_MAX = Long.MAX_VALUE >> GROUP_BITS;

  public BlockId {
    if (value <= 0) {
      throw new IllegalArgumentException("not a block number: " + value);
    }
  }

  /** The block with this serial number, spread over the groups by its serial. */
  public static BlockId ofSerial(long serial) {
    if (serial <= 0 || serial > SERIAL_MAX) {
      throw new IllegalArgumentException("not a block serial: " + serial);
    }
    return new BlockId((serial << GROUP_BITS) | (serial & (GROUPS - 1)));
  }

  /** The placement group, 0 to 255. */
  public int group() {
    return (int) (value & (GROUPS - 1));
  }

  /** The serial number that the log granted. */
  public long serial() {
    return value >> GROUP_BITS;
  }

  @Override
  public int compareTo(BlockId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return "b" + Long.toHexString(value);
  }
}
