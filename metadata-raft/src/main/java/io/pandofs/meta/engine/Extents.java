package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.meta.Extent;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts of files that have bytes, one row each. Extents of a file never overlap, and each is
 * counted as one reference to its block.
 */
final class Extents {
  private static final int VERSION = 1;

  private Extents() {}

  /** Extents that intersect {@code [from, to)}, in order. */
  static List<Extent> find(ReadStore tables, long inode, long from, long to) {
    List<Extent> found = new ArrayList<>();
    if (from >= to) {
      return found;
    }
    ReadStore.Row before = tables.floor(Table.EXTENTS, Keys.of(inode, from));
    if (before != null && Keys.first(before.key()) == inode) {
      Extent extent = decode(before.key(), before.value());
      if (extent.offset() < from && extent.end() > from) {
        found.add(extent);
      }
    }
    try (ReadStore.Cursor rows =
        tables.scan(Table.EXTENTS, Keys.of(inode, from), Keys.of(inode, to))) {
      while (rows.next()) {
        found.add(decode(rows.key(), rows.value()));
      }
    }
    return found;
  }

  /** As {@link #find}, but of many no more than {@code limit}. */
  static List<Extent> findSome(ReadStore tables, long inode, long from, long to, int limit) {
    List<Extent> found = find(tables, inode, from, Math.min(to, from + 1));
    try (ReadStore.Cursor rows =
        tables.scan(Table.EXTENTS, Keys.of(inode, from + 1), Keys.of(inode, to))) {
      while (found.size() < limit && rows.next()) {
        found.add(decode(rows.key(), rows.value()));
      }
    }
    return found;
  }

  /** The first extents of a file, at most {@code limit}. */
  static List<Extent> first(ReadStore tables, long inode, int limit) {
    List<Extent> found = new ArrayList<>();
    try (ReadStore.Cursor rows = tables.scan(Table.EXTENTS, Keys.of(inode, 0), Keys.after(inode))) {
      while (found.size() < limit && rows.next()) {
        found.add(decode(rows.key(), rows.value()));
      }
    }
    return found;
  }

  /** Makes {@code [from, to)} a hole. */
  static void cut(Store store, Inode inode, long from, long to, BlockReferences blocks) {
    if (inode.allocatedBytes == 0) {
      return; // It has none; a new file is written to most often.
    }
    for (Extent extent : find(store, inode.id.value(), from, to)) {
      remove(store, inode, extent, blocks);
      if (extent.offset() < from) {
        put(store, inode, extent.part(extent.offset(), from), blocks);
      }
      if (extent.end() > to) {
        put(store, inode, extent.part(to, extent.end()), blocks);
      }
    }
  }

  static void put(Store store, Inode inode, Extent extent, BlockReferences blocks) {
    store.put(
        Table.EXTENTS,
        Keys.of(inode.id.value(), extent.offset()),
        new RowWriter(VERSION)
            .i32((int) extent.length())
            .i64(extent.block().value())
            .i32(extent.blockOffset())
            .toBytes());
    inode.allocatedBytes += extent.length();
    blocks.add(extent);
  }

  static void remove(Store store, Inode inode, Extent extent, BlockReferences blocks) {
    store.delete(Table.EXTENTS, Keys.of(inode.id.value(), extent.offset()));
    inode.allocatedBytes -= extent.length();
    blocks.remove(extent);
  }

  static Extent decode(byte[] key, byte[] row) {
    RowReader in = new RowReader(Table.EXTENTS, row, VERSION);
    int length = in.i32();
    long block = in.i64();
    int blockOffset = in.i32();
    in.end();
    if (length <= 0 || block <= 0 || blockOffset < 0) {
      throw in.damaged("an extent that is none");
    }
    return new Extent(Keys.second(key), length, new BlockId(block), blockOffset);
  }
}
