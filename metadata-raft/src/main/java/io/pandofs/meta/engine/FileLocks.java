package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of locks: those held, those waited for in the order in which they came, and for each
 * session the inodes on which it has any of both.
 */
final class FileLocks {
  private static final int VERSION = 1;

  // The first byte of keys; never change.
  private static final byte HELD = 1;
  private static final byte WAITED_FOR = 2;
  private static final byte OF_SESSION = 3;

  private FileLocks() {}

  /**
   * A lock that is waited for.
   *
   * @param ticket the number by which its session knows that
   * @param turn smaller ones came earlier; of its inode and kind
   */
  record Wait(FileLock lock, long ticket, long turn) {}

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
    store.put(Table.LOCKS, sessionKey(lock.session(), inode), new byte[0]);
  }

  /** Whoever takes the last of a session's locks says {@link #forgetIfNone}. */
  static void giveUp(Store store, InodeId inode, FileLock lock) {
    store.delete(Table.LOCKS, heldKey(inode, lock));
  }

  /** Those of a kind that wait on an inode, the first that came in front. */
  static List<Wait> waiting(ReadStore tables, FileLock.Kind kind, InodeId inode) {
    List<Wait> waiting = new ArrayList<>();
    InodeId next = new InodeId(inode.value() + 1);
    try (ReadStore.Cursor rows =
        tables.scan(
            Table.LOCKS, prefix(WAITED_FOR, kind, inode, 0), prefix(WAITED_FOR, kind, next, 0))) {
      while (rows.next()) {
        long turn = ByteBuffer.wrap(rows.key()).getLong(2 + Long.BYTES);
        RowReader in = new RowReader(Table.LOCKS, rows.value(), VERSION);
        long ticket = in.i64();
        SessionId session = new SessionId(in.i64());
        long owner = in.i64();
        long first = in.i64();
        waiting.add(new Wait(lock(kind, first, session, owner, in), ticket, turn));
        in.end();
      }
    }
    return waiting;
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
    store.put(Table.LOCKS, sessionKey(lock.session(), inode), new byte[0]);
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

  /** As {@link #giveUp}. */
  static void stopWaiting(Store store, InodeId inode, Wait wait) {
    store.delete(Table.LOCKS, waitKey(inode, wait.lock().kind(), wait.turn()));
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

  /** Forgets that a session has locks on an inode if it has none any more. */
  static void forgetIfNone(Store store, InodeId inode, SessionId session) {
    for (FileLock.Kind kind : FileLock.Kind.values()) {
      for (FileLock lock : held(store, kind, inode)) {
        if (lock.session().equals(session)) {
          return;
        }
      }
      for (Wait wait : waiting(store, kind, inode)) {
        if (wait.lock().session().equals(session)) {
          return;
        }
      }
    }
    store.delete(Table.LOCKS, sessionKey(session, inode));
  }

  /**
   * Looks at every row.
   *
   * @param report is told what is wrong, in a sentence
   */
  static void check(ReadStore tables, java.util.function.Consumer<String> report) {
    try (ReadStore.Cursor rows = tables.scan(Table.LOCKS, new byte[0], null)) {
      while (rows.next()) {
        byte[] key = rows.key();
        InodeId inode;
        SessionId session;
        if (key[0] == OF_SESSION) {
          session = new SessionId(Keys.at(key, 1));
          inode = new InodeId(Keys.at(key, 1 + Long.BYTES));
        } else if (key[0] == HELD) {
          inode = new InodeId(Keys.at(key, 2));
          session = new SessionId(Keys.at(key, 2 + 2 * Long.BYTES));
        } else {
          inode = new InodeId(Keys.at(key, 2));
          RowReader in = new RowReader(Table.LOCKS, rows.value(), VERSION);
          in.i64();
          session = new SessionId(in.i64());
        }
        if (Inode.find(tables, inode.value()) == null || !Sessions.isLive(tables, session)) {
          report.accept(
              "a lock of session "
                  + session.value()
                  + " on inode "
                  + inode.value()
                  + ", of which there is no such one");
        } else if (tables.get(Table.LOCKS, sessionKey(session, inode)) == null) {
          report.accept(
              "a lock on inode "
                  + inode.value()
                  + " that session "
                  + session.value()
                  + " is not known to have");
        }
      }
    }
  }
}
