package io.pandofs.meta.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Extended attributes. */
final class Xattrs {
  private static final int VERSION = 1;

  private Xattrs() {}

  static byte @Nullable [] find(ReadStore tables, long inode, byte[] name) {
    byte[] row = tables.get(Table.XATTRS, Keys.of(inode, name));
    return row == null ? null : new RowReader(Table.XATTRS, row, VERSION).rest();
  }

  static void put(Store store, long inode, byte[] name, byte[] value) {
    store.put(Table.XATTRS, Keys.of(inode, name), new RowWriter(VERSION).rest(value).toBytes());
  }

  static void remove(Store store, long inode, byte[] name) {
    store.delete(Table.XATTRS, Keys.of(inode, name));
  }

  /** Of a row with this key. */
  static byte[] name(byte[] key) {
    return Arrays.copyOfRange(key, Long.BYTES, key.length);
  }

  static List<byte[]> names(ReadStore tables, long inode, int limit) {
    List<byte[]> names = new ArrayList<>();
    try (ReadStore.Cursor rows = tables.scan(Table.XATTRS, Keys.of(inode), Keys.after(inode))) {
      while (names.size() < limit && rows.next()) {
        names.add(name(rows.key()));
      }
    }
    return names;
  }
}
