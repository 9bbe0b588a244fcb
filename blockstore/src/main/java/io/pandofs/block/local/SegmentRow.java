package io.pandofs.block.local;

import java.nio.ByteBuffer;

/**
 * What a segment holds: the value in table {@code segments} under the segment's number.
 *
 * <p>Bytes: version 1 (u8), payload (u64), live bytes (u64), live blocks (u64).
 *
 * @param payload bytes of blocks written into it; 0 for the table of small blocks, which has none
 * @param live bytes of those that are still there
 * @param blocks how many are still there
 */
record SegmentRow(long payload, long live, long blocks) {
  static final SegmentRow EMPTY = new SegmentRow(0, 0, 0);
  static final int VERSION = 1;
  private static final int BYTES = 1 + 8 + 8 + 8;

  SegmentRow plus(int length) {
    return new SegmentRow(payload, live + length, blocks + 1);
  }

  SegmentRow minus(int length) {
    SegmentRow less = new SegmentRow(payload, live - length, blocks - 1);
    if (less.live < 0 || less.blocks < 0 || (less.blocks == 0) != (less.live == 0)) {
      throw new IllegalStateException("a segment would hold less than nothing: " + less);
    }
    return less;
  }

  boolean isDead() {
    return blocks == 0;
  }

  /** Less than this part of it is alive. */
  boolean isSparse(int percent) {
    return live * 100 < payload * percent;
  }

  byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .put((byte) VERSION)
        .putLong(payload)
        .putLong(live)
        .putLong(blocks)
        .array();
  }

  static SegmentRow decode(byte[] bytes) {
    ByteBuffer in = Keys.versioned(bytes, VERSION, BYTES, "segment");
    return new SegmentRow(in.getLong(), in.getLong(), in.getLong());
  }
}
