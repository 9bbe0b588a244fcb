package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import org.jspecify.annotations.Nullable;

/**
 * Inodes without a name, each with the index of the entry that took the last or made it without
 * one, and whether it may get one.
 */
final class Orphans {
  private static final int VERSION = 2;

  private Orphans() {}

  static void put(Store store, InodeId inode, long index, boolean linkable) {
    store.put(
        Table.ORPHANS,
        Keys.of(inode.value()),
        new RowWriter(VERSION).i64(index).u8(linkable ? 1 : 0).toBytes());
  }

  static void remove(Store store, InodeId inode) {
    store.delete(Table.ORPHANS, Keys.of(inode.value()));
  }

  static boolean has(ReadStore tables, InodeId inode) {
    return tables.get(Table.ORPHANS, Keys.of(inode.value())) != null;
  }

  static ClusterView.@Nullable Orphan find(ReadStore tables, InodeId inode) {
    byte[] key = Keys.of(inode.value());
    byte[] row = tables.get(Table.ORPHANS, key);
    return row == null ? null : decode(key, row);
  }

  /** Whether an inode is an orphan that may get a name: one that never had any. */
  static boolean isLinkable(ReadStore tables, InodeId inode) {
    byte[] row = tables.get(Table.ORPHANS, Keys.of(inode.value()));
    if (row == null) {
      return false;
    }
    RowReader in = reader(row);
    in.i64();
    return in.u8() != 0;
  }

  private static RowReader reader(byte[] row) {
    return new RowReader(Table.ORPHANS, row, VERSION);
  }

  static ClusterView.Orphan decode(byte[] key, byte[] row) {
    RowReader in = reader(row);
    long index = in.i64();
    in.u8();
    in.end();
    return new ClusterView.Orphan(new InodeId(Keys.first(key)), index);
  }
}
