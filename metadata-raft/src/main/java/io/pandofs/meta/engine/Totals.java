package io.pandofs.meta.engine;

import io.pandofs.meta.VolumeStats;

/** The volume's totals, kept up with each operation. */
final class Totals {
  private static final int VERSION = 2;

  private Totals() {}

  static VolumeStats load(ReadStore tables) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.STATS));
    if (row == null) {
      return new VolumeStats(0, 0, 0);
    }
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    VolumeStats stats = new VolumeStats(in.i64(), in.i64(), in.i64());
    in.end();
    return stats;
  }

  static void addInodes(Store store, long inodes) {
    add(store, inodes, 0, 0);
  }

  /**
   * Counts blocks.
   *
   * @param stored the bytes of all of them
   * @param inline the bytes of those that are in the tables
   */
  static void addBytes(Store store, long stored, long inline) {
    add(store, 0, stored, inline);
  }

  private static void add(Store store, long inodes, long stored, long inline) {
    if (inodes == 0 && stored == 0 && inline == 0) {
      return;
    }
    VolumeStats before = load(store);
    store.put(
        Table.SYSTEM,
        Keys.system(SystemKind.STATS),
        new RowWriter(VERSION)
            .i64(before.inodes() + inodes)
            .i64(before.storedBytes() + stored)
            .i64(before.inlineBytes() + inline)
            .toBytes());
  }
}
