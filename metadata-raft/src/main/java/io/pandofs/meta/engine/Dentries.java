package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.FileType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Names in directories. The key is the directory, then the hash of the name (48 bits) and a number
 * (15 bits) that tells names of the same hash apart; a name keeps its number, and so its cookie, as
 * long as it lives.
 */
final class Dentries {
  private static final int VERSION = 1;
  private static final int COLLISION_BITS = 15;
  private static final long COLLISIONS_MAX = 1L << COLLISION_BITS;

  /** Cookies 1 and 2 are those of "." and "..". */
  private static final long COOKIE_BASE = 3;

  private Dentries() {}

  /** A name's slot: where it stands and what it means. */
  record Dentry(long slot, FileName name, InodeId inode, FileType type) {}

  static @Nullable Dentry find(ReadStore tables, InodeId parent, FileName name) {
    byte[] bytes = name.toBytes();
    long slot = Superblock.load(tables).hash(bytes) << COLLISION_BITS;
    byte[] to = Keys.of(parent.value(), slot + COLLISIONS_MAX);
    try (ReadStore.Cursor rows = tables.scan(Table.DENTRIES, Keys.of(parent.value(), slot), to)) {
      while (rows.next()) {
        Dentry dentry = decode(rows.key(), rows.value());
        if (dentry.name().equals(name)) {
          return dentry;
        }
      }
    }
    return null;
  }

  /**
   * The slot for a new name: the first free one of its hash.
   *
   * @throws ErrnoException ENOSPC when 32,768 names of this directory have the same hash
   */
  static long freeSlot(ReadStore tables, InodeId parent, FileName name) throws ErrnoException {
    long first = Superblock.load(tables).hash(name.toBytes()) << COLLISION_BITS;
    long free = first;
    byte[] to = Keys.of(parent.value(), first + COLLISIONS_MAX);
    try (ReadStore.Cursor rows = tables.scan(Table.DENTRIES, Keys.of(parent.value(), first), to)) {
      while (rows.next() && Keys.second(rows.key()) == free) {
        free++;
      }
    }
    if (free == first + COLLISIONS_MAX) {
      throw new ErrnoException(Errno.ENOSPC);
    }
    return free;
  }

  static void put(Store store, InodeId parent, long slot, FileName name, Inode inode) {
    store.put(
        Table.DENTRIES,
        Keys.of(parent.value(), slot),
        new RowWriter(VERSION)
            .i64(inode.id.value())
            .u8(Inode.code(inode.type))
            .rest(name.toBytes())
            .toBytes());
  }

  static void remove(Store store, InodeId parent, Dentry dentry) {
    store.delete(Table.DENTRIES, Keys.of(parent.value(), dentry.slot()));
  }

  static boolean isEmpty(ReadStore tables, InodeId directory) {
    try (ReadStore.Cursor rows = scan(tables, directory, 0)) {
      return !rows.next();
    }
  }

  static List<DirectoryEntry> list(
      ReadStore tables, InodeId directory, long afterCookie, int limit) {
    List<DirectoryEntry> entries = new ArrayList<>();
    long from = Math.max(0, afterCookie - COOKIE_BASE + 1);
    try (ReadStore.Cursor rows = scan(tables, directory, from)) {
      while (entries.size() < limit && rows.next()) {
        Dentry dentry = decode(rows.key(), rows.value());
        entries.add(
            new DirectoryEntry(
                dentry.slot() + COOKIE_BASE, dentry.name(), dentry.inode(), dentry.type()));
      }
    }
    return entries;
  }

  private static ReadStore.Cursor scan(ReadStore tables, InodeId directory, long fromSlot) {
    byte[] to = Keys.after(directory.value());
    return tables.scan(Table.DENTRIES, Keys.of(directory.value(), fromSlot), to);
  }

  static Dentry decode(byte[] key, byte[] row) {
    RowReader in = new RowReader(Table.DENTRIES, row, VERSION);
    long inode = in.i64();
    FileType type = Inode.type(in);
    try {
      return new Dentry(Keys.second(key), FileName.of(in.rest()), new InodeId(inode), type);
    } catch (ErrnoException | IllegalArgumentException e) {
      throw in.damaged("a name or number that is none");
    }
  }
}
