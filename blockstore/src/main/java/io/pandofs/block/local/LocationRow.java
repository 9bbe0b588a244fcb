package io.pandofs.block.local;

import io.pandofs.block.Blocks;
import java.nio.ByteBuffer;

/**
 * Where a block is: the value in table {@code blocks} under the block's number.
 *
 * <p>Bytes: version 1 (u8), flags 0 (u8), length (u32), CRC32C (u32), session (u64), segment (u64).
 *
 * @param segment the segment that has its pieces; {@link Keys#SMALL} for the table of small blocks
 */
record LocationRow(int length, int crc32c, long session, long segment) {
  static final int VERSION = 1;
  private static final int BYTES = 1 + 1 + 4 + 4 + 8 + 8;

  int pieces() {
    return Keys.pieces(length);
  }

  LocationRow in(long otherSegment) {
    return new LocationRow(length, crc32c, session, otherSegment);
  }

  byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .put((byte) VERSION)
        .put((byte) 0)
        .putInt(length)
        .putInt(crc32c)
        .putLong(session)
        .putLong(segment)
        .array();
  }

  static LocationRow decode(byte[] bytes) {
    ByteBuffer in = Keys.versioned(bytes, VERSION, BYTES, "location");
    byte flags = in.get();
    LocationRow row = new LocationRow(in.getInt(), in.getInt(), in.getLong(), in.getLong());
    if (flags != 0 || row.length <= 0 || row.length > Blocks.BLOCK_BYTES_MAX || row.segment < 0) {
      throw new DamagedRowException("location row out of range: " + row);
    }
    return row;
  }
}
