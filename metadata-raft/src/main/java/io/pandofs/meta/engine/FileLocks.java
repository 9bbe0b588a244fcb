package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The rows of locks: those held, those waited for in the order in which they came, what each owner
 * of a range waits for, and how many of both each session has, in all and on which inodes.
 */
final class FileLocks {
  private static final int VERSION = 1;

  // The first byte of keys; never change.
  private static final byte HELD = 1;
  private static final byte WAITED_FOR = 2;
  private static final byte OF_SESSION = 3;
  private static final byte OF_OWNER = 4;
  private static final byte TOTAL = 5;

  private FileLocks() {}

  /**
   * A lock that is waited for.
   *
   * @param ticket the number by which its session knows that
   * @param turn smaller ones came earlier; of its inode and kind
   */
  record Wait(InodeId inode, FileLock lock, long ticket, long turn) {}

  private static int code(FileLock.Kind kind) {
    return switch (kind) {
      case FLOCK -> 0;
      case POSIX -> 1;
    };
  }

  private static int code(FileLock.Type type) {
    return switch (type) {
      case SHARED -> 0;
      case EXCLUSIVE -> 1;
    };
  }

  private static byte[] prefix(byte what, FileLock.Kind kind, InodeId inode, int behind) {
    return key(what, kind, inode, behind).array();
  }

  private static ByteBuffer key(byte what, FileLock.Kind kind, InodeId inode, int behind) {
    return ByteBuffer.allocate(2 + Long.BYTES + behind)
        .put(what)
        .put((byte) code(kind))
        .putLong(inode.value());
  }

  private static byte[] heldKey(InodeId inode, FileLock lock) {
    return key(HELD, lock.kind(), inode, 3 * Long.BYTES)
        .putLong(lock.first())
        .putLong(lock.session().value())
        .putLong(lock.owner())
        .array();
  }

  private static byte[] waitKey(InodeId inode, FileLock.Kind kind, long turn) {
    return key(WAITED_FOR, kind, inode, Long.BYTES).putLong(turn).array();
  }

  private static byte[] ownerKey(Wait wait) {
    return ofOwner(wait.lock().session(), wait.lock().owner(), 2 * Long.BYTES)
        .putLong(wait.inode().value())
        .putLong(wait.turn())
        .array();
  }

  private static ByteBuffer ofOwner(SessionId session, long owner, int behind) {
    return ByteBuffer.allocate(1 + 2 * Long.BYTES + behind)
        .put(OF_OWNER)
        .putLong(session.value())
        .putLong(owner);
  }

  private static byte[] totalKey(SessionId session) {
    return ByteBuffer.allocate(1 + Long.BYTES).put(TOTAL).putLong(session.value()).array();
  }

  private static byte[] sessionKey(SessionId session, InodeId inode) {
    return ByteBuffer.allocate(1 + 2 * Long.BYTES)
        .put(OF_SESSION)
        .putLong(session.value())
        .putLong(inode.value())
        .array();
  }

  /** The locks of a kind that are held on an inode, in order of their first bytes. */
  static List<FileLock> held(ReadStore tables, FileLock.Kind kind, InodeId inode) {
    List<FileLock> held = new ArrayList<>();
    InodeId next = new InodeId(inode.value() + 1);
    try (ReadStore.Cursor rows =
        tables.scan(Table.LOCKS, prefix(HELD, kind, inode, 0), prefix(HELD, kind, next, 0))) {
      while (rows.next()) {
        ByteBuffer key = ByteBuffer.wrap(rows.key(), 2 + Long.BYTES, 3 * Long.BYTES);
        long first = key.getLong();
        held.add(lock(kind, first, new SessionId(key.getLong()), key.getLong(), rows.value()));
      }
    }
    return held;
  }

  private static FileLock lock(
      FileLock.Kind kind, long first, SessionId session, long owner, byte[] row) {
    RowReader in = new RowReader(Table.LOCKS, row, VERSION);
    FileLock lock = lock(kind, first, session, owner, in);
    in.end();
    return lock;
  }

  private static FileLock lock(
      FileLock.Kind kind, long first, SessionId session, long owner, RowReader in) {
    long last = in.i64();
    FileLock.Type type = in.u8() == 0 ? FileLock.Type.SHARED : FileLock.Type.EXCLUSIVE;
    try {
      return new FileLock(kind, session, owner, first, last, type, in.i32());
    } catch (IllegalArgumentException e) {
      throw new StoreException("damaged tables: a lock: " + e.getMessage(), e);
    }
  }

  private static RowWriter row(FileLock lock) {
    return new RowWriter(VERSION).i64(lock.last()).u8(code(lock.type())).i32(lock.pid());
  }

  static void hold(Store store, InodeId inode, FileLock lock) {
    store.put(Table.LOCKS, heldKey(inode, lock), row(lock).toBytes());
    count(store, inode, lock.session(), 1);
  }

  /**
   * @param lock that is held
   */
  static void giveUp(Store store, InodeId inode, FileLock lock) {
    store.delete(Table.LOCKS, heldKey(inode, lock));
    count(store, inode, lock.session(), -1);
  }

  private static void count(Store store, InodeId inode, SessionId session, int more) {
    count(store, sessionKey(session, inode), more);
    count(store, totalKey(session), more);
  }

  private static void count(Store store, byte[] key, int more) {
    int now = count(store, key) + more;
    if (now == 0) {
      store.delete(Table.LOCKS, key);
    } else {
      store.put(Table.LOCKS, key, new RowWriter(VERSION).i32(now).toBytes());
    }
  }

  private static int count(ReadStore tables, byte[] key) {
    byte[] row = tables.get(Table.LOCKS, key);
    return row == null ? 0 : count(row);
  }

  private static int count(byte[] row) {
    RowReader in = new RowReader(Table.LOCKS, row, VERSION);
    int count = in.i32();
    in.end();
    return count;
  }

  /** How many locks a session has or waits for on an inode. */
  static int countOf(ReadStore tables, SessionId session, InodeId inode) {
    return count(tables, sessionKey(session, inode));
  }

  /** How many locks a session has or waits for. */
  static int countOf(ReadStore tables, SessionId session) {
    return count(tables, totalKey(session));
  }

  /** Those of a kind that wait on an inode, the first that came in front. */
  static List<Wait> waiting(ReadStore tables, FileLock.Kind kind, InodeId inode) {
    List<Wait> waiting = new ArrayList<>();
    InodeId next = new InodeId(inode.value() + 1);
    try (ReadStore.Cursor rows =
        tables.scan(
            Table.LOCKS, prefix(WAITED_FOR, kind, inode, 0), prefix(WAITED_FOR, kind, next, 0))) {
      while (rows.next()) {
        waiting.add(wait(kind, inode, turnOf(rows.key()), rows.value()));
      }
    }
    return waiting;
  }

  private static long turnOf(byte[] waitKey) {
    return Keys.at(waitKey, 2 + Long.BYTES);
  }

  private static Wait wait(FileLock.Kind kind, InodeId inode, long turn, byte[] row) {
    RowReader in = new RowReader(Table.LOCKS, row, VERSION);
    long ticket = in.i64();
    SessionId session = new SessionId(in.i64());
    long owner = in.i64();
    long first = in.i64();
    Wait wait = new Wait(inode, lock(kind, first, session, owner, in), ticket, turn);
    in.end();
    return wait;
  }

  /** Puts a lock behind those that wait for the inode. */
  static void await(Store store, InodeId inode, FileLock lock, long ticket) {
    List<Wait> before = waiting(store, lock.kind(), inode);
    long turn = before.isEmpty() ? 1 : before.get(before.size() - 1).turn() + 1;
    store.put(
        Table.LOCKS,
        waitKey(inode, lock.kind(), turn),
        new RowWriter(VERSION)
            .i64(ticket)
            .i64(lock.session().value())
            .i64(lock.owner())
            .i64(lock.first())
            .i64(lock.last())
            .u8(code(lock.type()))
            .i32(lock.pid())
            .toBytes());
    if (lock.kind() == FileLock.Kind.POSIX) {
      store.put(Table.LOCKS, ownerKey(new Wait(inode, lock, ticket, turn)), new byte[0]);
    }
    count(store, inode, lock.session(), 1);
  }

  static @Nullable Wait findWait(
      ReadStore tables, FileLock.Kind kind, InodeId inode, SessionId session, long ticket) {
    for (Wait each : waiting(tables, kind, inode)) {
      if (each.ticket() == ticket && each.lock().session().equals(session)) {
        return each;
      }
    }
    return null;
  }

  /**
   * @param wait that stands in the tables
   */
  static void stopWaiting(Store store, Wait wait) {
    store.delete(Table.LOCKS, waitKey(wait.inode(), wait.lock().kind(), wait.turn()));
    if (wait.lock().kind() == FileLock.Kind.POSIX) {
      store.delete(Table.LOCKS, ownerKey(wait));
    }
    count(store, wait.inode(), wait.lock().session(), -1);
  }

  /** The locks of ranges that an owner waits for: more than one if its threads wait. */
  static List<Wait> waitsOf(ReadStore tables, SessionId session, long owner) {
    List<Wait> waits = new ArrayList<>();
    byte[] from = ofOwner(session, owner, 0).array();
    byte[] to = ofOwner(session, owner, 1).put((byte) 0xff).array();
    try (ReadStore.Cursor rows = tables.scan(Table.LOCKS, from, to)) {
      while (rows.next()) {
        InodeId inode = new InodeId(Keys.at(rows.key(), 1 + 2 * Long.BYTES));
        long turn = Keys.at(rows.key(), 1 + 3 * Long.BYTES);
        byte[] row = tables.get(Table.LOCKS, waitKey(inode, FileLock.Kind.POSIX, turn));
        if (row == null) {
          throw new StoreException(
              "damaged tables: a wait of owner " + owner + " that is not there");
        }
        waits.add(wait(FileLock.Kind.POSIX, inode, turn, row));
      }
    }
    return waits;
  }

  /** The inodes on which a session has or awaits locks. */
  static List<InodeId> inodesOf(ReadStore tables, SessionId session) {
    List<InodeId> inodes = new ArrayList<>();
    byte[] from =
        ByteBuffer.allocate(1 + Long.BYTES).put(OF_SESSION).putLong(session.value()).array();
    byte[] to =
        ByteBuffer.allocate(1 + Long.BYTES).put(OF_SESSION).putLong(session.value() + 1).array();
    try (ReadStore.Cursor rows = tables.scan(Table.LOCKS, from, to)) {
      while (rows.next()) {
        inodes.add(new InodeId(Keys.at(rows.key(), 1 + Long.BYTES)));
      }
    }
    return inodes;
  }

  /** The inodes on which there are locks of a kind, or waits. */
  static Set<InodeId> inodes(ReadStore tables, FileLock.Kind kind) {
    Set<InodeId> inodes = new TreeSet<>(Comparator.comparingLong(InodeId::value));
    for (byte what : new byte[] {HELD, WAITED_FOR}) {
      byte[] from = {what, (byte) code(kind)};
      byte[] to = {what, (byte) (code(kind) + 1)};
      try (ReadStore.Cursor rows = tables.scan(Table.LOCKS, from, to)) {
        while (rows.next()) {
          inodes.add(new InodeId(Keys.at(rows.key(), 2)));
        }
      }
    }
    return inodes;
  }

  /** The sessions that are counted as having locks. */
  static Set<SessionId> sessions(ReadStore tables) {
    Set<SessionId> sessions = new TreeSet<>(Comparator.comparingLong(SessionId::value));
    for (byte what : new byte[] {OF_SESSION, TOTAL}) {
      byte[] from = {what};
      byte[] to = {(byte) (what + 1)};
      try (ReadStore.Cursor rows = tables.scan(Table.LOCKS, from, to)) {
        while (rows.next()) {
          sessions.add(new SessionId(Keys.at(rows.key(), 1)));
        }
      }
    }
    return sessions;
  }

  /** Whether {@link #waitsOf} finds a wait; those for files as a whole it need not. */
  static boolean isKnownOfOwner(ReadStore tables, Wait wait) {
    return wait.lock().kind() == FileLock.Kind.FLOCK
        || tables.get(Table.LOCKS, ownerKey(wait)) != null;
  }

  /**
   * Looks at what owners are said to wait for.
   *
   * @param report is told what is wrong, in a sentence
   */
  static void checkWaitsOfOwners(ReadStore tables, Consumer<String> report) {
    try (ReadStore.Cursor rows =
        tables.scan(Table.LOCKS, new byte[] {OF_OWNER}, new byte[] {OF_OWNER + 1})) {
      while (rows.next()) {
        SessionId session = new SessionId(Keys.at(rows.key(), 1));
        long owner = Keys.at(rows.key(), 1 + Long.BYTES);
        InodeId inode = new InodeId(Keys.at(rows.key(), 1 + 2 * Long.BYTES));
        long turn = Keys.at(rows.key(), 1 + 3 * Long.BYTES);
        byte[] row = tables.get(Table.LOCKS, waitKey(inode, FileLock.Kind.POSIX, turn));
        FileLock lock = row == null ? null : wait(FileLock.Kind.POSIX, inode, turn, row).lock();
        if (lock == null || !lock.hasOwner(session, owner)) {
          report.accept("an owner is said to wait on inode " + inode.value() + ", and does not");
        }
      }
    }
  }
}
