package io.pandofs.meta.engine;

import io.pandofs.meta.VolumeStats;

/** The volume's totals, kept up with each operation. */
final class Totals {
  private static final int VERSION = 1;

  private Totals() {}

  static VolumeStats load(ReadStore tables) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.STATS));
    if (row == null) {
      return new VolumeStats(0, 0);
    }
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    VolumeStats stats = new VolumeStats(in.i64(), in.i64());
    in.end();
    return stats;
  }

  static void add(Store store, long inodes, long bytes) {
    if (inodes == 0 && bytes == 0) {
      return;
    }
    VolumeStats before = load(store);
    store.put(
        Table.SYSTEM,
        Keys.system(SystemKind.STATS),
        new RowWriter(VERSION)
            .i64(before.inodes() + inodes)
            .i64(before.storedBytes() + bytes)
            .toBytes());
  }
}
