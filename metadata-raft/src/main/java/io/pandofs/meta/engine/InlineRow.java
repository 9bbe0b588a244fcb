package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import org.jspecify.annotations.Nullable;

/**
 * The row of a block whose bytes are in it. It has one here or in {@link BlockRow}'s table, never
 * in both; over tables that have moved it already an overlay may still show this one, which then
 * counts.
 */
final class InlineRow {
  private static final int VERSION = 1;

  private final ClusterView.Block block;
  private final byte[] bytes;

  InlineRow(ClusterView.Block block, byte[] bytes) {
    this.block = block;
    this.bytes = bytes;
  }

  static @Nullable InlineRow find(ReadStore tables, BlockId block) {
    byte[] row = tables.get(Table.INLINE, Keys.of(block.value()));
    return row == null ? null : decode(block.value(), row);
  }

  static InlineRow decode(long number, byte[] row) {
    RowReader in = new RowReader(Table.INLINE, row, VERSION);
    int crc32c = in.i32();
    int references = in.i32();
    long liveBytes = in.i64();
    byte[] bytes = in.rest();
    return new InlineRow(
        new ClusterView.Block(new BlockId(number), bytes.length, crc32c, references, liveBytes),
        bytes);
  }

  ClusterView.Block block() {
    return block;
  }

  /** Whether the bytes are those that were written. */
  boolean isIntact() {
    return Checksums.crc32c(bytes, 0, bytes.length) == block.crc32c();
  }

  /**
   * The bytes, checked.
   *
   * @throws StoreException if they are not those that were written
   */
  byte[] bytes() {
    if (!isIntact()) {
      throw new StoreException("damaged tables: the bytes of " + block.id());
    }
    return bytes;
  }

  /** With other counts. */
  InlineRow counting(int references, long liveBytes) {
    return new InlineRow(
        new ClusterView.Block(block.id(), block.length(), block.crc32c(), references, liveBytes),
        bytes);
  }

  void save(Store store) {
    store.put(
        Table.INLINE,
        Keys.of(block.id().value()),
        new RowWriter(VERSION)
            .i32(block.crc32c())
            .i32(block.references())
            .i64(block.liveBytes())
            .rest(bytes)
            .toBytes());
  }

  void delete(Store store) {
    store.delete(Table.INLINE, Keys.of(block.id().value()));
  }
}
