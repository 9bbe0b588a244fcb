package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Reply;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sessions and the replies that they have not acknowledged yet. */
final class Sessions {
  /** Replies kept of a session that acknowledges none; older ones are forgotten. */
  static final int RESULTS_MAX = 1 << 16;

  private static final int VERSION = 1;

  private Sessions() {}

  static ClusterView.@Nullable Session find(ReadStore tables, SessionId id) {
    byte[] row = tables.get(Table.SESSIONS, Keys.of(id.value()));
    return row == null ? null : decode(id.value(), row);
  }

  static boolean isLive(ReadStore tables, SessionId id) {
    return tables.get(Table.SESSIONS, Keys.of(id.value())) != null;
  }

  static ClusterView.Session decode(long number, byte[] row) {
    RowReader in = new RowReader(Table.SESSIONS, row, VERSION);
    ClusterView.Session session =
        new ClusterView.Session(
            new SessionId(number), new NodeId(in.i64()), in.i64(), in.i64(), in.time());
    in.end();
    return session;
  }

  static void save(Store store, ClusterView.Session session) {
    store.put(
        Table.SESSIONS,
        Keys.of(session.id().value()),
        new RowWriter(VERSION)
            .i64(session.node().value())
            .i64(session.last())
            .i64(session.acknowledged())
            .time(session.registered())
            .toBytes());
  }

  static List<ClusterView.Session> all(ReadStore tables) {
    List<ClusterView.Session> sessions = new ArrayList<>();
    try (ReadStore.Cursor rows = tables.scan(Table.SESSIONS, new byte[0], null)) {
      while (rows.next()) {
        sessions.add(decode(Keys.first(rows.key()), rows.value()));
      }
    }
    return sessions;
  }

  /** Takes out all that is a session's: its row, its kept replies, its numbers. */
  static void remove(Store store, SessionId id) {
    store.delete(Table.SESSIONS, Keys.of(id.value()));
    removeAll(store, Table.RESULTS, id.value());
    removeAll(store, Table.GRANTS, id.value());
  }

  private static void removeAll(Store store, Table table, long first) {
    List<byte[]> keys = new ArrayList<>();
    try (ReadStore.Cursor rows = store.scan(table, Keys.of(first), Keys.after(first))) {
      while (rows.next()) {
        keys.add(rows.key());
      }
    }
    keys.forEach(key -> store.delete(table, key));
  }

  static void putResult(Store store, SessionId session, long sequence, Reply reply) {
    store.put(Table.RESULTS, Keys.of(session.value(), sequence), encode(reply));
  }

  /** The kept reply of an operation; null when it is forgotten. */
  static @Nullable Reply result(ReadStore tables, SessionId session, long sequence) {
    byte[] row = tables.get(Table.RESULTS, Keys.of(session.value(), sequence));
    return row == null ? null : decode(row);
  }

  /** Forgets replies with a sequence in {@code (after, upTo]}. */
  static void forget(Store store, SessionId session, long after, long upTo) {
    for (long sequence = after + 1; sequence <= upTo; sequence++) {
      store.delete(Table.RESULTS, Keys.of(session.value(), sequence));
    }
  }

  private static byte[] encode(Reply reply) {
    RowWriter out = new RowWriter(VERSION).u16(reply.errno().number()).i64(reply.number());
    Attributes attributes = reply.attributes();
    if (attributes == null) {
      return out.u8(0).toBytes();
    }
    return out.u8(Inode.code(attributes.type()))
        .i64(attributes.inode().value())
        .u16(attributes.permissions())
        .i32(attributes.uid())
        .i32(attributes.gid())
        .i32(attributes.links())
        .i64(attributes.sizeBytes())
        .i64(attributes.allocatedBytes())
        .i64(attributes.device())
        .time(attributes.accessed())
        .time(attributes.modified())
        .time(attributes.changed())
        .time(attributes.born())
        .toBytes();
  }

  private static Reply decode(byte[] row) {
    RowReader in = new RowReader(Table.RESULTS, row, VERSION);
    Errno errno = Errno.ofNumber(in.u16());
    long number = in.i64();
    int code = in.u8();
    Attributes attributes = code == 0 ? null : attributes(in, FileType.ofMode(code << 12));
    in.end();
    return new Reply(errno, attributes, number);
  }

  private static Attributes attributes(RowReader in, FileType type) {
    return new Attributes(
        new InodeId(in.i64()),
        type,
        in.u16(),
        in.i32(),
        in.i32(),
        in.i32(),
        in.i64(),
        in.i64(),
        in.i64(),
        in.time(),
        in.time(),
        in.time(),
        in.time());
  }
}
