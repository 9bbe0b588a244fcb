package io.pandofs.meta.engine;

import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Nodes and sessions: who is in the cluster, and what follows from it. */
final class Membership {
  private static final int VERSION = 2;

  /** More numbers than a lost majority can have given out that the survivor has not heard of. */
  private static final long NUMBERS_JUMP = 1L << 32;

  private static final long NODES_JUMP = 1000;

  private Membership() {}

  static LogReply registerSession(
      LogEntry.RegisterSession entry, Store store, LocalEffects effects) {
    if (node(store, entry.node()) == null) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    long number = Counters.take(store, SystemKind.SESSION_COUNTER);
    Timestamp now = Change.bounded(entry.time());
    SessionId id = new SessionId(number);
    Sessions.save(store, new ClusterView.Session(id, entry.node(), 0, 0, now));
    effects.sessionStarted(id);
    return LogReply.number(number);
  }

  static LogReply expireSession(SessionId id, Store store, LocalEffects effects) {
    if (Sessions.find(store, id) != null) {
      LockOperations.sessionEnded(id, store, effects);
      Sessions.remove(store, id);
      effects.sessionEnded(id);
    }
    return LogReply.OK;
  }

  /**
   * The log answers otherwise than the session has answered ahead: it ends here, so that nothing
   * that was done on top of that comes about.
   */
  static LogReply diverged(SessionId id, Store store, LocalEffects effects) {
    LogReply unused = expireSession(id, store, effects);
    return LogReply.refused(LogReply.Status.DIVERGED);
  }

  static LogReply registerNode(LogEntry.RegisterNode entry, Store store, LocalEffects effects) {
    return entry.id() == 0 ? addNode(entry, store, effects) : moveNode(entry, store, effects);
  }

  private static LogReply addNode(LogEntry.RegisterNode entry, Store store, LocalEffects effects) {
    ClusterView.Node replaced = nodeAt(store, entry.control());
    if (replaced != null) {
      drop(replaced.id(), store, effects);
    }
    long number = Counters.take(store, SystemKind.NODE_COUNTER);
    save(store, node(entry, new NodeId(number), true));
    place(store, effects);
    return LogReply.number(number);
  }

  /**
   * Takes in a node that does not run yet: it holds no group until {@link #placeNode}. (A group
   * that counts on a node that never comes has no quorum for its blocks.)
   */
  static LogReply admitNode(LogEntry.RegisterNode entry, Store store, LocalEffects effects) {
    long number = Counters.take(store, SystemKind.NODE_COUNTER);
    save(store, node(entry, new NodeId(number), false));
    effects.placementChanged();
    return LogReply.number(number);
  }

  /** A node has other addresses than before; its id and its groups stay. */
  private static LogReply moveNode(LogEntry.RegisterNode entry, Store store, LocalEffects effects) {
    NodeId id = new NodeId(entry.id());
    ClusterView.Node before = node(store, id);
    if (before == null || isTaken(store, entry, id)) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    save(
        store,
        new ClusterView.Node(
            id,
            entry.name(),
            entry.control(),
            entry.raft(),
            entry.blocks(),
            before.capacityBytes(),
            before.placed(),
            before.leaving(),
            before.out()));
    effects.placementChanged();
    return LogReply.number(entry.id());
  }

  static LogReply removeNode(NodeId id, Store store, LocalEffects effects) {
    if (node(store, id) == null || !othersHold(store, id)) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    dropRow(id, store);
    place(store, effects);
    return LogReply.OK;
  }

  /** It runs and votes: from now on it holds its share of the groups, unless it is to leave. */
  static LogReply placeNode(NodeId id, Store store, LocalEffects effects) {
    ClusterView.Node node = node(store, id);
    if (node == null) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    if (!node.placed()) {
      save(store, node.with(true, node.leaving(), node.out()));
      place(store, effects);
    }
    return LogReply.OK;
  }

  /** The last node that holds groups has to stay. */
  static LogReply drainNode(LogEntry.DrainNode entry, Store store, LocalEffects effects) {
    ClusterView.Node node = node(store, entry.node());
    if (node == null || (entry.leaves() && !othersHold(store, entry.node()))) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    if (node.leaving() != entry.leaves()) {
      save(store, node.with(node.placed(), entry.leaves(), node.out()));
      place(store, effects);
    }
    return LogReply.OK;
  }

  /** Only while enough others hold groups for all the copies that there shall be. */
  static LogReply outNode(LogEntry.OutNode entry, Store store, LocalEffects effects) {
    ClusterView.Node node = node(store, entry.node());
    if (node == null || (entry.out() && holders(store, entry.node()) < policy(store).copies())) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    if (node.out() != entry.out()) {
      save(store, node.with(node.placed(), node.leaving(), entry.out()));
      place(store, effects);
    }
    return LogReply.OK;
  }

  /** Somebody must hold the blocks. */
  static boolean othersHold(ReadStore tables, NodeId than) {
    return holders(tables, than) > 0;
  }

  private static long holders(ReadStore tables, NodeId butFor) {
    return nodes(tables).stream().filter(each -> each.holds() && !each.id().equals(butFor)).count();
  }

  private static ClusterView.Node node(LogEntry.RegisterNode entry, NodeId id, boolean placed) {
    return new ClusterView.Node(
        id, entry.name(), entry.control(), entry.raft(), entry.blocks(), 0, placed, false, false);
  }

  static LogReply recover(NodeId survivor, Store store, LocalEffects effects) {
    ClusterView.Node node = node(store, survivor);
    if (node == null) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    for (ClusterView.Session session : Sessions.all(store)) {
      expireSession(session.id(), store, effects);
    }
    for (ClusterView.Node each : nodes(store)) {
      if (!each.id().equals(survivor)) {
        drop(each.id(), store, effects);
      }
    }
    save(store, node.with(true, false, false));
    Counters.take(store, SystemKind.RECOVERY_COUNTER);
    Counters.jump(store, SystemKind.INODE_COUNTER, NUMBERS_JUMP);
    Counters.jump(store, SystemKind.BLOCK_COUNTER, NUMBERS_JUMP);
    Counters.jump(store, SystemKind.SESSION_COUNTER, NUMBERS_JUMP);
    Counters.jump(store, SystemKind.NODE_COUNTER, NODES_JUMP);
    place(store, effects);
    return LogReply.OK;
  }

  /** With its sessions; without a word to the placement, which whoever calls this sees to. */
  static void drop(NodeId id, Store store, LocalEffects effects) {
    dropRow(id, store);
    for (ClusterView.Session session : Sessions.all(store)) {
      if (session.node().equals(id)) {
        expireSession(session.id(), store, effects);
      }
    }
  }

  private static void dropRow(NodeId id, Store store) {
    store.delete(Table.SYSTEM, Keys.system(SystemKind.NODE, id.value()));
    Tokens.dropKey(store, id);
  }

  /** The groups are those members' that are placed, stay and are not away. */
  static void place(Store store, LocalEffects effects) {
    place(policy(store), store, effects);
  }

  private static void place(StoragePolicy policy, Store store, LocalEffects effects) {
    PlacementRow.save(store, PlacementRow.load(store).with(policy, holdersBySize(store)));
    effects.placementChanged();
  }

  private static Map<NodeId, Long> holdersBySize(ReadStore tables) {
    Map<NodeId, Long> capacities = new TreeMap<>();
    nodes(tables).stream()
        .filter(ClusterView.Node::holds)
        .forEach(node -> capacities.put(node.id(), node.capacityBytes()));
    return capacities;
  }

  /** A new map only if the difference moves a group. */
  static LogReply setCapacity(LogEntry.SetCapacity entry, Store store, LocalEffects effects) {
    ClusterView.Node node = node(store, entry.node());
    if (node == null) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    save(store, node.with(entry.bytes()));
    Placement before = PlacementRow.load(store);
    Placement after = before.with(before.policy(), holdersBySize(store));
    if (!after.groups().equals(before.groups())) {
      PlacementRow.save(store, after);
      effects.placementChanged();
    }
    return LogReply.OK;
  }

  private static StoragePolicy policy(ReadStore tables) {
    return PlacementRow.load(tables).policy();
  }

  static LogReply setPolicy(StoragePolicy policy, Store store, LocalEffects effects) {
    if (!policy.equals(policy(store))) {
      place(policy, store, effects);
    }
    return LogReply.OK;
  }

  private static void save(Store store, ClusterView.Node node) {
    store.put(
        Table.SYSTEM,
        Keys.system(SystemKind.NODE, node.id().value()),
        new RowWriter(VERSION)
            .text(node.name())
            .text(node.control())
            .text(node.raft())
            .text(node.blocks())
            .i64(node.capacityBytes())
            .u8(node.placed() ? 1 : 0)
            .u8(node.leaving() ? 1 : 0)
            .u8(node.out() ? 1 : 0)
            .toBytes());
  }

  static ClusterView.@Nullable Node node(ReadStore tables, NodeId id) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.NODE, id.value()));
    return row == null ? null : decode(id, row);
  }

  static List<ClusterView.Node> nodes(ReadStore tables) {
    List<ClusterView.Node> nodes = new ArrayList<>();
    byte[] from = Keys.system(SystemKind.NODE, 0);
    byte[] to = {(byte) (SystemKind.NODE.code() + 1)};
    try (ReadStore.Cursor rows = tables.scan(Table.SYSTEM, from, to)) {
      while (rows.next()) {
        nodes.add(decode(new NodeId(Keys.at(rows.key(), 1)), rows.value()));
      }
    }
    return nodes;
  }

  /** Whether one of the addresses is that of another member than {@code by}. */
  static boolean isTaken(ReadStore tables, LogEntry.RegisterNode node, @Nullable NodeId by) {
    return nodes(tables).stream()
        .filter(there -> !there.id().equals(by))
        .anyMatch(
            there ->
                there.control().equals(node.control())
                    || there.raft().equals(node.raft())
                    || there.blocks().equals(node.blocks()));
  }

  private static ClusterView.@Nullable Node nodeAt(ReadStore tables, String control) {
    return nodes(tables).stream()
        .filter(node -> node.control().equals(control))
        .findFirst()
        .orElse(null);
  }

  private static ClusterView.Node decode(NodeId id, byte[] row) {
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    ClusterView.Node node =
        new ClusterView.Node(
            id,
            in.text(),
            in.text(),
            in.text(),
            in.text(),
            in.i64(),
            in.u8() != 0,
            in.u8() != 0,
            in.u8() != 0);
    in.end();
    return node;
  }
}
