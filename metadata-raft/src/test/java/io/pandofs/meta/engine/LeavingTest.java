package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Nodes that come, are drained, stay after all, go, and are lost. */
class LeavingTest {
  /** Compared with a plain map of node to whether it leaves, over random steps. */
  @Test
  void groupsAreHeldByThoseWhoStay() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      EngineRig rig = new EngineRig();
      TreeMap<NodeId, Boolean> model = new TreeMap<>();
      model.put(rig.node, false);
      for (int step = 0; step < 40; step++) {
        step(rig, model, random, step);
        check(rig, model, "seed " + seed + " step " + step);
      }
    }
  }

  private static void step(EngineRig rig, TreeMap<NodeId, Boolean> model, Random random, int step) {
    List<NodeId> nodes = List.copyOf(model.keySet());
    NodeId node = nodes.get(random.nextInt(nodes.size()));
    switch (random.nextInt(4)) {
      case 0 -> model.put(rig.addNode("host" + step + ":1"), false);
      case 1 -> {
        boolean possible =
            model.entrySet().stream().anyMatch(e -> !e.getValue() && !e.getKey().equals(node));
        LogReply.Status told = rig.apply(new LogEntry.DrainNode(node, true)).status();
        assertThat(told == LogReply.Status.OK).isEqualTo(possible);
        if (possible) {
          model.put(node, true);
        }
      }
      case 2 -> {
        assertThat(rig.apply(new LogEntry.DrainNode(node, false)).status())
            .isEqualTo(LogReply.Status.OK);
        model.put(node, false);
      }
      default -> {
        if (model.getOrDefault(node, false)) {
          assertThat(rig.apply(new LogEntry.RemoveNode(node)).status())
              .isEqualTo(LogReply.Status.OK);
          model.remove(node);
        }
      }
    }
  }

  private static void check(EngineRig rig, TreeMap<NodeId, Boolean> model, String at) {
    ClusterView cluster = new ClusterView(rig.store);
    TreeMap<NodeId, Boolean> found = new TreeMap<>();
    cluster.nodes().forEach(node -> found.put(node.id(), node.leaving()));
    assertThat(found).as(at).isEqualTo(model);
    List<NodeId> stay =
        model.entrySet().stream().filter(e -> !e.getValue()).map(e -> e.getKey()).toList();
    for (List<NodeId> group : cluster.placement().groups()) {
      assertThat(stay).as(at).containsAll(group);
      assertThat(group).as(at).hasSize(Math.min(Placement.FACTOR, stay.size()));
    }
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
