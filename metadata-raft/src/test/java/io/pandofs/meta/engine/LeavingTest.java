package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Nodes that come, are placed and drained, stay after all, go, and are lost. */
class LeavingTest {
  private static final Fingerprint SECRET = Fingerprint.of(new byte[] {1});

  private record State(boolean placed, boolean leaving, boolean out) {
    boolean holds() {
      return placed && !leaving && !out;
    }
  }

  /** Compared with a plain map of node to what is known of it, over random steps. */
  @Test
  void groupsAreHeldByThoseWhoArePlacedAndStay() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      EngineRig rig = new EngineRig();
      rig.apply(
          new LogEntry.CreateToken(
              7, SECRET, 100, new Timestamp(EngineRig.NOW.seconds() + 100, 0), EngineRig.NOW));
      TreeMap<NodeId, State> model = new TreeMap<>();
      model.put(rig.node, new State(true, false, false));
      for (int step = 0; step < 60; step++) {
        step(rig, model, random, step);
        check(rig, model, "seed " + seed + " step " + step);
      }
    }
  }

  private static void step(EngineRig rig, TreeMap<NodeId, State> model, Random random, int step) {
    List<NodeId> nodes = List.copyOf(model.keySet());
    NodeId node = nodes.get(random.nextInt(nodes.size()));
    State before = model.getOrDefault(node, new State(false, false, false));
    long holders =
        model.entrySet().stream()
            .filter(e -> e.getValue().holds() && !e.getKey().equals(node))
            .count();
    boolean othersHold = holders > 0;
    switch (random.nextInt(8)) {
      case 0 -> model.put(rig.addNode("host" + step + ":1"), new State(true, false, false));
      case 1 -> model.put(admitted(rig, step), new State(false, false, false));
      case 2 -> {
        assertThat(isTaken(rig, new LogEntry.PlaceNode(node))).isTrue();
        model.put(node, new State(true, before.leaving(), before.out()));
      }
      case 3 -> {
        assertThat(isTaken(rig, new LogEntry.DrainNode(node, true))).isEqualTo(othersHold);
        model.put(node, new State(before.placed(), before.leaving() || othersHold, before.out()));
      }
      case 4 -> {
        assertThat(isTaken(rig, new LogEntry.DrainNode(node, false))).isTrue();
        model.put(node, new State(before.placed(), false, before.out()));
      }
      case 5 -> {
        boolean enough = holders >= StoragePolicy.DEFAULT.copies();
        assertThat(isTaken(rig, new LogEntry.OutNode(node, true))).isEqualTo(enough);
        model.put(node, new State(before.placed(), before.leaving(), before.out() || enough));
      }
      case 6 -> {
        assertThat(isTaken(rig, new LogEntry.OutNode(node, false))).isTrue();
        model.put(node, new State(before.placed(), before.leaving(), false));
      }
      default -> {
        assertThat(isTaken(rig, new LogEntry.RemoveNode(node))).isEqualTo(othersHold);
        if (othersHold) {
          model.remove(node);
        }
      }
    }
  }

  private static boolean isTaken(EngineRig rig, LogEntry entry) {
    return rig.apply(entry).status() == LogReply.Status.OK;
  }

  private static NodeId admitted(EngineRig rig, int step) {
    String at = "guest" + step + ":";
    return new NodeId(
        rig.apply(
                new LogEntry.AdmitNode(
                    7,
                    SECRET,
                    Fingerprint.of(new byte[] {2, (byte) step}),
                    EngineRig.NOW,
                    new LogEntry.RegisterNode(0, "g", at + "1", at + "2", at + "3")))
            .number());
  }

  private static void check(EngineRig rig, TreeMap<NodeId, State> model, String at) {
    ClusterView cluster = new ClusterView(rig.store);
    TreeMap<NodeId, State> found = new TreeMap<>();
    cluster
        .nodes()
        .forEach(
            node -> found.put(node.id(), new State(node.placed(), node.leaving(), node.out())));
    assertThat(found).as(at).isEqualTo(model);
    List<NodeId> stay =
        model.entrySet().stream().filter(e -> e.getValue().holds()).map(e -> e.getKey()).toList();
    assertThat(stay).as(at).isNotEmpty();
    for (List<NodeId> group : cluster.placement().groups()) {
      assertThat(stay).as(at).containsAll(group);
      assertThat(group).as(at).hasSize(Math.min(StoragePolicy.DEFAULT.copies(), stay.size()));
    }
  }

  @Test
  void whoHasLeftIsToldFromWhoHasNotComeYet() {
    EngineRig rig = new EngineRig();
    ClusterView cluster = new ClusterView(rig.store);
    NodeId second = new NodeId(rig.node.value() + 1);
    assertThat(cluster.hasLeft(rig.node)).isFalse();
    assertThat(cluster.hasLeft(second)).isFalse();
    assertThat(rig.addNode("b:1")).isEqualTo(second);
    assertThat(cluster.hasLeft(second)).isFalse();
    rig.apply(new LogEntry.RemoveNode(second));
    assertThat(cluster.hasLeft(second)).isTrue();
  }

  @Test
  void anUnknownNodeCannotLeave() {
    EngineRig rig = new EngineRig();
    assertThat(rig.apply(new LogEntry.DrainNode(new NodeId(99), true)).status())
        .isEqualTo(LogReply.Status.REFUSED);
  }

  @Test
  void theSurvivorHoldsAllAndGivesNoNumberTwice() {
    EngineRig rig = new EngineRig();
    NodeId second = rig.addNode("b:1");
    rig.addNode("c:1");
    ClusterView cluster = new ClusterView(rig.store);
    long sessions = Counters.next(rig.store, SystemKind.SESSION_COUNTER);
    long blocks = Counters.next(rig.store, SystemKind.BLOCK_COUNTER);
    long inodes = Counters.next(rig.store, SystemKind.INODE_COUNTER);
    assertThat(rig.apply(new LogEntry.Recover(second)).status()).isEqualTo(LogReply.Status.OK);
    assertThat(cluster.nodes()).extracting(ClusterView.Node::id).containsExactly(second);
    assertThat(cluster.sessions()).isEmpty();
    assertThat(cluster.clusterEpoch()).isEqualTo(1);
    assertThat(cluster.placement().groups()).allMatch(group -> group.equals(List.of(second)));
    long jump = 1L << 30;
    assertThat(Counters.next(rig.store, SystemKind.SESSION_COUNTER)).isGreaterThan(sessions + jump);
    assertThat(Counters.next(rig.store, SystemKind.BLOCK_COUNTER)).isGreaterThan(blocks + jump);
    assertThat(Counters.next(rig.store, SystemKind.INODE_COUNTER)).isGreaterThan(inodes + jump);
    assertThat(rig.addNode("d:1").value()).isGreaterThan(100);
  }
}
