package io.pandofs.meta.engine;

import io.pandofs.common.SessionId;
import io.pandofs.meta.Operation.NumberKind;
import org.jspecify.annotations.Nullable;

/**
 * Ranges of numbers that sessions hold: an inode or a block can be made only under a number that
 * was granted to its maker (PROTOCOL rule 14).
 */
final class Grants {
  private static final int VERSION = 1;

  private Grants() {}

  /** The number of a kind in keys; never changes. */
  private static int code(NumberKind kind) {
    return switch (kind) {
      case INODE -> 0;
      case BLOCK_SERIAL -> 1;
    };
  }

  static void put(Store store, SessionId session, NumberKind kind, long first, long end) {
    store.put(
        Table.GRANTS,
        Keys.of(session.value(), code(kind), first),
        new RowWriter(VERSION).i64(end).toBytes());
  }

  /** The range that a number is in; null if the session does not hold it. */
  static Granted.@Nullable Range find(
      ReadStore tables, SessionId session, NumberKind kind, long number) {
    byte[] key = Keys.of(session.value(), code(kind), number);
    ReadStore.Row row = tables.floor(Table.GRANTS, key);
    if (row == null
        || Keys.first(row.key()) != session.value()
        || row.key()[Long.BYTES] != code(kind)) {
      return null;
    }
    RowReader in = new RowReader(Table.GRANTS, row.value(), VERSION);
    long end = in.i64();
    in.end();
    Granted.Range range = new Granted.Range(Keys.at(row.key(), Long.BYTES + 1), end);
    return range.has(number) ? range : null;
  }
}
