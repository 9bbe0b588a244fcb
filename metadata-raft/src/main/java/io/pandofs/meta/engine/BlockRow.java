package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import org.jspecify.annotations.Nullable;

/** A committed block's row. */
final class BlockRow {
  private static final int VERSION = 2;

  private BlockRow() {}

  static ClusterView.@Nullable Block find(ReadStore tables, BlockId block) {
    byte[] row = tables.get(Table.BLOCKS, Keys.of(block.value()));
    return row == null ? null : decode(block.value(), row);
  }

  static ClusterView.Block decode(long number, byte[] row) {
    RowReader in = new RowReader(Table.BLOCKS, row, VERSION);
    ClusterView.Block block =
        new ClusterView.Block(new BlockId(number), in.i32(), in.i32(), in.i32(), in.i64());
    in.end();
    return block;
  }

  static void save(Store store, ClusterView.Block block) {
    store.put(
        Table.BLOCKS,
        Keys.of(block.id().value()),
        new RowWriter(VERSION)
            .i32(block.length())
            .i32(block.crc32c())
            .i32(block.references())
            .i64(block.liveBytes())
            .toBytes());
  }
}
