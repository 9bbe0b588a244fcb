package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;

/** Inodes without a link, each with the index of the entry that took the last. */
final class Orphans {
  private static final int VERSION = 1;

  private Orphans() {}

  static void put(Store store, InodeId inode, long index) {
    store.put(Table.ORPHANS, Keys.of(inode.value()), new RowWriter(VERSION).i64(index).toBytes());
  }

  static boolean has(ReadStore tables, InodeId inode) {
    return tables.get(Table.ORPHANS, Keys.of(inode.value())) != null;
  }

  static ClusterView.Orphan decode(byte[] key, byte[] row) {
    RowReader in = new RowReader(Table.ORPHANS, row, VERSION);
    long index = in.i64();
    in.end();
    return new ClusterView.Orphan(new InodeId(Keys.first(key)), index);
  }
}
