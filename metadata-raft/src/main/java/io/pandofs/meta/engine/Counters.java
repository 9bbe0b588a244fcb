package io.pandofs.meta.engine;

/** Numbers that are granted once: each counter holds the next one. */
final class Counters {
  private static final int VERSION = 1;

  private Counters() {}

  static long next(ReadStore tables, SystemKind counter) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(counter));
    if (row == null) {
      return 1;
    }
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    long next = in.i64();
    in.end();
    return next;
  }

  /** Takes one number. */
  static long take(Store store, SystemKind counter) {
    long number = next(store, counter);
    set(store, counter, number + 1);
    return number;
  }

  /** Leaves numbers out. */
  static void jump(Store store, SystemKind counter, long by) {
    set(store, counter, next(store, counter) + by);
  }

  static void set(Store store, SystemKind counter, long next) {
    store.put(Table.SYSTEM, Keys.system(counter), new RowWriter(VERSION).i64(next).toBytes());
  }
}
