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
 *
 * <p>Invariant: where a name of a hash stands, something stands in the first slot of the hash; when
 * the name there has gone before others that is <em>nobody</em>. So one look tells that a name is
 * not there.
 */
final class Dentries {
  private static final int VERSION = 1;
  private static final int COLLISION_BITS = 15;
  private static final long COLLISIONS_MAX = 1L << COLLISION_BITS;

  /** Cookies 1 and 2 are those of "." and "..". */
  private static final long COOKIE_BASE = 3;

  /** The inode of nobody's slot. */
  private static final long NOBODY = 0;

  private Dentries() {}

  /** A name's slot: where it stands and what it means. */
  record Dentry(long slot, FileName name, InodeId inode, FileType type) {}

  static @Nullable Dentry find(ReadStore tables, InodeId parent, FileName name) {
    return find(tables, parent, name, firstSlot(tables, name));
  }

  /** As above, of a name whose hash is known. */
  static @Nullable Dentry find(ReadStore tables, InodeId parent, FileName name, long first) {
    byte[] key = Keys.of(parent.value(), first);
    byte[] row = tables.get(Table.DENTRIES, key);
    if (row == null) {
      return null;
    }
    Dentry dentry = decode(key, row);
    if (dentry != null && dentry.name().equals(name)) {
      return dentry;
    }
    try (ReadStore.Cursor rows = others(tables, parent, first)) {
      while (rows.next()) {
        dentry = decode(rows.key(), rows.value());
        if (dentry != null && dentry.name().equals(name)) {
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
    return freeSlot(tables, parent, firstSlot(tables, name));
  }

  /** As above, of a name whose hash is known. */
  static long freeSlot(ReadStore tables, InodeId parent, long first) throws ErrnoException {
    byte[] key = Keys.of(parent.value(), first);
    byte[] row = tables.get(Table.DENTRIES, key);
    if (row == null || decode(key, row) == null) {
      return first;
    }
    long free = first + 1;
    try (ReadStore.Cursor rows = others(tables, parent, first)) {
      while (rows.next() && Keys.second(rows.key()) == free) {
        free++;
      }
    }
    if (free == first + COLLISIONS_MAX) {
      throw new ErrnoException(Errno.ENOSPC);
    }
    return free;
  }

  /** The first slot of a name's hash. */
  private static long firstSlot(ReadStore tables, FileName name) {
    return Superblock.load(tables).hash(name.toBytes()) << COLLISION_BITS;
  }

  /** The first slot of the hash that a slot is of. */
  static long firstSlot(long slot) {
    return slot & -COLLISIONS_MAX;
  }

  /** What stands in the other slots of a hash. */
  private static ReadStore.Cursor others(ReadStore tables, InodeId parent, long first) {
    return tables.scan(
        Table.DENTRIES,
        Keys.of(parent.value(), first + 1),
        Keys.of(parent.value(), first + COLLISIONS_MAX));
  }

  private static boolean hasOthers(ReadStore tables, InodeId parent, long first) {
    try (ReadStore.Cursor rows = others(tables, parent, first)) {
      return rows.next();
    }
  }

  static void put(Store store, InodeId parent, long slot, FileName name, Inode inode) {
    put(store, parent, slot, inode.id.value(), Inode.code(inode.type), name.toBytes());
    long first = firstSlot(slot);
    if (slot != first && store.get(Table.DENTRIES, Keys.of(parent.value(), first)) == null) {
      putNobody(store, parent, first);
    }
  }

  private static void putNobody(Store store, InodeId parent, long first) {
    put(store, parent, first, NOBODY, 0, new byte[0]);
  }

  private static void put(
      Store store, InodeId parent, long slot, long inode, int type, byte[] name) {
    store.put(
        Table.DENTRIES,
        Keys.of(parent.value(), slot),
        new RowWriter(VERSION).i64(inode).u8(type).rest(name).toBytes());
  }

  static void remove(Store store, InodeId parent, Dentry dentry) {
    byte[] key = Keys.of(parent.value(), dentry.slot());
    long first = firstSlot(dentry.slot());
    if (dentry.slot() == first) {
      if (hasOthers(store, parent, first)) {
        putNobody(store, parent, first);
      } else {
        store.delete(Table.DENTRIES, key);
      }
      return;
    }
    store.delete(Table.DENTRIES, key);
    byte[] firstKey = Keys.of(parent.value(), first);
    byte[] row = store.get(Table.DENTRIES, firstKey);
    if (row != null && decode(firstKey, row) == null && !hasOthers(store, parent, first)) {
      store.delete(Table.DENTRIES, firstKey);
    }
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
        if (dentry != null) {
          entries.add(
              new DirectoryEntry(
                  dentry.slot() + COOKIE_BASE, dentry.name(), dentry.inode(), dentry.type()));
        }
      }
    }
    return entries;
  }

  private static ReadStore.Cursor scan(ReadStore tables, InodeId directory, long fromSlot) {
    byte[] to = Keys.after(directory.value());
    return tables.scan(Table.DENTRIES, Keys.of(directory.value(), fromSlot), to);
  }

  /** What stands in a slot; null for nobody. */
  static @Nullable Dentry decode(byte[] key, byte[] row) {
    RowReader in = new RowReader(Table.DENTRIES, row, VERSION);
    long inode = in.i64();
    if (inode == NOBODY) {
      return null;
    }
    FileType type = Inode.type(in);
    try {
      return new Dentry(Keys.second(key), FileName.of(in.rest()), new InodeId(inode), type);
    } catch (ErrnoException | IllegalArgumentException e) {
      throw in.damaged("a name or number that is none");
    }
  }
}
