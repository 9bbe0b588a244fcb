package io.pandofs.meta.engine;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Join tokens, and the nodes that they let in (PROTOCOL rule 19: the use of a token is a log
 * entry). A used-up token stays until it expires, so that who shows it can be told why it is of no
 * use.
 */
final class Tokens {
  /** More at a time are refused. */
  static final int MAX = 256;

  static final int USES_MAX = 1000;
  private static final int VERSION = 1;

  private Tokens() {}

  static LogReply create(LogEntry.CreateToken entry, Store store) {
    Timestamp now = Change.bounded(entry.time());
    List<ClusterView.Token> known = all(store);
    int live = 0;
    for (ClusterView.Token token : known) {
      if (token.id() == entry.id()) {
        return token.secretHash().equals(entry.secretHash())
            ? LogReply.number(entry.id())
            : LogReply.refused(LogReply.Status.REFUSED);
      }
      if (token.expires().compareTo(now) <= 0) {
        store.delete(Table.SYSTEM, Keys.system(SystemKind.TOKEN, token.id()));
      } else {
        live++;
      }
    }
    boolean sane =
        entry.uses() >= 1 && entry.uses() <= USES_MAX && entry.expires().compareTo(now) > 0;
    if (live >= MAX || !sane) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    save(
        store,
        new ClusterView.Token(
            entry.id(), entry.secretHash(), entry.uses(), Change.bounded(entry.expires()), now));
    return LogReply.number(entry.id());
  }

  /** The reply's number is 1 if it was there. */
  static LogReply revoke(long id, Store store) {
    boolean known = find(store, id) != null;
    store.delete(Table.SYSTEM, Keys.system(SystemKind.TOKEN, id));
    return LogReply.number(known ? 1 : 0);
  }

  static LogReply admit(LogEntry.AdmitNode entry, Store store, LocalEffects effects) {
    LogEntry.AdmitNode.Refusal refusal = refusal(entry, store);
    if (refusal != null) {
      return refused(refusal);
    }
    LogEntry.RegisterNode node = entry.node();
    NodeId before = withKey(store, entry.key());
    if (before != null) {
      return move(before, node, store, effects);
    }
    ClusterView.Token token = find(store, entry.token());
    if (token != null) {
      save(store, token.used());
    }
    return add(entry.key(), node, store, effects);
  }

  static LogReply replace(LogEntry.ReplaceNode entry, Store store, LocalEffects effects) {
    LogEntry.AdmitNode.Refusal refusal = refusal(entry, store);
    if (refusal != null) {
      return refused(refusal);
    }
    NodeId before = withKey(store, entry.key());
    if (Membership.node(store, entry.gone()) == null && before != null) {
      return move(before, entry.node(), store, effects);
    }
    Membership.drop(entry.gone(), store, effects);
    // The new one holds groups when it votes; the one that is gone holds none from now on.
    Membership.place(store, effects);
    return add(entry.key(), entry.node(), store, effects);
  }

  /** Why the node would not be taken back; null if it would. */
  static LogEntry.AdmitNode.@Nullable Refusal refusal(
      LogEntry.ReplaceNode entry, ReadStore tables) {
    boolean again = Membership.node(tables, entry.gone()) == null;
    NodeId before = again ? withKey(tables, entry.key()) : entry.gone();
    if (before == null) {
      return LogEntry.AdmitNode.Refusal.NOT_A_MEMBER;
    }
    if (Membership.isTaken(tables, entry.node(), before)) {
      return LogEntry.AdmitNode.Refusal.ADDRESS_TAKEN;
    }
    return again || Membership.othersHold(tables, entry.gone())
        ? null
        : LogEntry.AdmitNode.Refusal.LAST_HOLDER;
  }

  /** Let in already; its addresses may be others this time. */
  private static LogReply move(
      NodeId id, LogEntry.RegisterNode node, Store store, LocalEffects effects) {
    return Membership.registerNode(at(id.value(), node), store, effects);
  }

  private static LogReply add(
      Fingerprint key, LogEntry.RegisterNode node, Store store, LocalEffects effects) {
    LogReply reply = Membership.admitNode(at(0, node), store, effects);
    store.put(
        Table.SYSTEM,
        Keys.system(SystemKind.NODE_KEY, reply.number()),
        new RowWriter(VERSION).rest(key.hash()).toBytes());
    return reply;
  }

  /** Why the node would not be let in; null if it would. */
  static LogEntry.AdmitNode.@Nullable Refusal refusal(LogEntry.AdmitNode entry, ReadStore tables) {
    NodeId before = withKey(tables, entry.key());
    if (before == null) {
      ClusterView.Token token = find(tables, entry.token());
      if (token == null
          || !MessageDigest.isEqual(token.secretHash().hash(), entry.secretHash().hash())) {
        return LogEntry.AdmitNode.Refusal.NO_TOKEN;
      }
      if (token.expires().compareTo(entry.time()) <= 0) {
        return LogEntry.AdmitNode.Refusal.EXPIRED;
      }
      if (token.usesLeft() <= 0) {
        return LogEntry.AdmitNode.Refusal.USED_UP;
      }
    }
    return Membership.isTaken(tables, entry.node(), before)
        ? LogEntry.AdmitNode.Refusal.ADDRESS_TAKEN
        : null;
  }

  private static LogEntry.RegisterNode at(long id, LogEntry.RegisterNode node) {
    return new LogEntry.RegisterNode(id, node.name(), node.control(), node.raft(), node.blocks());
  }

  private static LogReply refused(LogEntry.AdmitNode.Refusal why) {
    return new LogReply(LogReply.Status.REFUSED, List.of(), why.code());
  }

  /** The node went; what is known of its key goes too. */
  static void dropKey(Store store, NodeId node) {
    store.delete(Table.SYSTEM, Keys.system(SystemKind.NODE_KEY, node.value()));
  }

  static @Nullable NodeId withKey(ReadStore tables, Fingerprint key) {
    byte[] to = {(byte) (SystemKind.NODE_KEY.code() + 1)};
    try (ReadStore.Cursor rows =
        tables.scan(Table.SYSTEM, Keys.system(SystemKind.NODE_KEY, 0), to)) {
      while (rows.next()) {
        RowReader in = new RowReader(Table.SYSTEM, rows.value(), VERSION);
        if (Fingerprint.ofHash(in.rest()).equals(key)) {
          return new NodeId(Keys.at(rows.key(), 1));
        }
      }
    }
    return null;
  }

  /** The nodes whose keys are kept. */
  static List<NodeId> keyed(ReadStore tables) {
    List<NodeId> nodes = new ArrayList<>();
    byte[] to = {(byte) (SystemKind.NODE_KEY.code() + 1)};
    try (ReadStore.Cursor rows =
        tables.scan(Table.SYSTEM, Keys.system(SystemKind.NODE_KEY, 0), to)) {
      while (rows.next()) {
        nodes.add(new NodeId(Keys.at(rows.key(), 1)));
      }
    }
    return nodes;
  }

  private static ClusterView.@Nullable Token find(ReadStore tables, long id) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.TOKEN, id));
    return row == null ? null : decode(id, row);
  }

  static List<ClusterView.Token> all(ReadStore tables) {
    List<ClusterView.Token> tokens = new ArrayList<>();
    byte[] to = {(byte) (SystemKind.TOKEN.code() + 1)};
    try (ReadStore.Cursor rows = tables.scan(Table.SYSTEM, Keys.system(SystemKind.TOKEN, 0), to)) {
      while (rows.next()) {
        tokens.add(decode(Keys.at(rows.key(), 1), rows.value()));
      }
    }
    return tokens;
  }

  private static void save(Store store, ClusterView.Token token) {
    store.put(
        Table.SYSTEM,
        Keys.system(SystemKind.TOKEN, token.id()),
        new RowWriter(VERSION)
            .i32(token.usesLeft())
            .time(token.expires())
            .time(token.created())
            .rest(token.secretHash().hash())
            .toBytes());
  }

  private static ClusterView.Token decode(long id, byte[] row) {
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    int usesLeft = in.i32();
    Timestamp expires = in.time();
    Timestamp created = in.time();
    return new ClusterView.Token(id, Fingerprint.ofHash(in.rest()), usesLeft, expires, created);
  }
}
