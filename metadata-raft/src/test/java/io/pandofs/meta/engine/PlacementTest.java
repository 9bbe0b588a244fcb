package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.Compression;
import io.pandofs.common.NodeId;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.StoragePolicy.WriteQuorum;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PlacementTest {
  /** The map for these nodes, as if they were of one size. */
  private static Placement even(Placement before, StoragePolicy policy, Collection<NodeId> nodes) {
    Map<NodeId, Long> capacities = new TreeMap<>();
    nodes.forEach(node -> capacities.put(node, 0L));
    return before.with(policy, capacities);
  }

  @Test
  void comingAndGoingNodesKeepTheMapEvenAndMoveLittle() {
    for (long seed = 1; seed <= 30; seed++) {
      Random random = new Random(seed);
      List<NodeId> nodes = new ArrayList<>();
      Placement placement = Placement.EMPTY;
      long next = 1;
      for (int i = 0; i < 15; i++) {
        boolean leaves = nodes.size() > 1 && random.nextInt(3) == 0;
        NodeId node = leaves ? nodes.remove(random.nextInt(nodes.size())) : new NodeId(next++);
        if (!leaves) {
          nodes.add(node);
        }
        Placement after = even(placement, StoragePolicy.DEFAULT, nodes);
        assertThat(even(placement, StoragePolicy.DEFAULT, nodes))
            .as("seed %s", seed)
            .isEqualTo(after);
        assertThat(after.epoch()).isEqualTo(placement.epoch() + 1);
        checkEven(after, nodes, "seed " + seed + " step " + i);
        // A newcomer takes its share; of one who left only its own groups move, and the evening.
        int share = BlockId.GROUPS * Math.min(3, nodes.size()) / Math.max(1, nodes.size());
        assertThat(moved(placement, after))
            .as("seed %s", seed)
            .isLessThanOrEqualTo(nodes.size() <= 3 ? BlockId.GROUPS : 2 * share + nodes.size());
        placement = after;
      }
    }
  }

  private static void checkEven(Placement placement, List<NodeId> nodes, String description) {
    Map<NodeId, Integer> loads = new HashMap<>();
    Map<NodeId, Integer> primaries = new HashMap<>();
    nodes.forEach(node -> loads.put(node, 0));
    nodes.forEach(node -> primaries.put(node, 0));
    for (List<NodeId> group : placement.groups()) {
      assertThat(group).as(description).hasSize(Math.min(3, nodes.size())).doesNotHaveDuplicates();
      group.forEach(node -> loads.merge(node, 1, Integer::sum));
      primaries.merge(group.get(0), 1, Integer::sum);
    }
    assertThat(loads).as(description).containsOnlyKeys(nodes);
    assertThat(spread(loads)).as(description + " " + loads).isLessThanOrEqualTo(1);
    assertThat(spread(primaries)).as(description + " " + primaries).isLessThanOrEqualTo(8);
  }

  private static int spread(Map<NodeId, Integer> loads) {
    return loads.values().stream().max(Integer::compare).orElse(0)
        - loads.values().stream().min(Integer::compare).orElse(0);
  }

  private static int moved(Placement before, Placement after) {
    int moved = 0;
    for (int i = 0; i < BlockId.GROUPS; i++) {
      HashSet<NodeId> fresh = new HashSet<>(after.replicas(i));
      fresh.removeAll(before.replicas(i));
      moved += fresh.size();
    }
    return moved;
  }

  @Test
  void anotherNumberOfCopiesTakesAwayOrAddsAndMovesNothingElse() {
    for (long seed = 1; seed <= 30; seed++) {
      Random random = new Random(seed);
      List<NodeId> nodes =
          LongStream.rangeClosed(1, 1 + random.nextInt(6)).mapToObj(NodeId::new).toList();
      Placement placement = even(Placement.EMPTY, policy(1 + random.nextInt(5)), nodes);
      Placement after = even(placement, policy(1 + random.nextInt(5)), nodes);
      int copies = Math.min(after.policy().copies(), nodes.size());
      int before = Math.min(placement.policy().copies(), nodes.size());
      Map<NodeId, Integer> loads = new HashMap<>();
      for (int group = 0; group < BlockId.GROUPS; group++) {
        assertThat(after.replicas(group)).hasSize(copies).doesNotHaveDuplicates();
        after.replicas(group).forEach(node -> loads.merge(node, 1, Integer::sum));
      }
      assertThat(spread(loads)).as("seed %s %s", seed, loads).isLessThanOrEqualTo(1);
      // Evening out may move a few.
      assertThat(moved(placement, after))
          .as("seed %s", seed)
          .isLessThanOrEqualTo(Math.max(0, copies - before) * BlockId.GROUPS + nodes.size());
    }
  }

  @Test
  void nodesHoldGroupsByTheirCapacity() {
    for (long seed = 1; seed <= 200; seed++) {
      Random random = new Random(seed);
      Map<NodeId, Long> capacities = new TreeMap<>();
      int nodes = 1 + random.nextInt(8);
      for (long node = 1; node <= nodes; node++) {
        capacities.put(
            new NodeId(node), random.nextInt(4) == 0 ? 0 : 1 + random.nextLong(1L << 50));
      }
      int copies = 1 + random.nextInt(5);
      Placement even = even(Placement.EMPTY, policy(copies), capacities.keySet());
      Placement after = even.with(policy(copies), capacities);
      int each = Math.min(copies, nodes);
      Map<NodeId, Integer> loads = new HashMap<>();
      for (List<NodeId> group : after.groups()) {
        assertThat(group).as("seed %s", seed).hasSize(each).doesNotHaveDuplicates();
        group.forEach(node -> loads.merge(node, 1, Integer::sum));
      }
      Map<NodeId, Integer> quotas = Quotas.of(capacities, each * BlockId.GROUPS, BlockId.GROUPS);
      quotas.forEach((node, quota) -> assertThat(loads.getOrDefault(node, 0)).isEqualTo(quota));
      assertThat(after.with(policy(copies), capacities).groups()).isEqualTo(after.groups());
    }
  }

  @Test
  void quotasAreSharesThatNobodyExceeds() {
    NodeId a = new NodeId(1);
    NodeId b = new NodeId(2);
    NodeId c = new NodeId(3);
    NodeId d = new NodeId(4);
    assertThat(Quotas.of(Map.of(a, 100L, b, 300L), 256, 256)).isEqualTo(Map.of(a, 64, b, 192));
    // Two copies on two nodes are both copies on both.
    assertThat(Quotas.of(Map.of(a, 1L, b, Long.MAX_VALUE), 512, 256))
        .isEqualTo(Map.of(a, 256, b, 256));
    // The large one holds every group; the others share what is left.
    assertThat(Quotas.of(Map.of(a, 4000L, b, 100L, c, 100L, d, 200L), 512, 256))
        .isEqualTo(Map.of(a, 256, b, 64, c, 64, d, 128));
    // One that has not said how large it is counts as an average one.
    assertThat(Quotas.of(Map.of(a, 100L, b, 300L, c, 0L), 256, 256))
        .isEqualTo(Map.of(a, 43, b, 128, c, 85));
  }

  private static StoragePolicy policy(int copies) {
    return new StoragePolicy(copies, WriteQuorum.MAJORITY, Compression.NONE);
  }

  @Test
  void aWriteNeedsAMajorityOrAll() {
    StoragePolicy all = new StoragePolicy(3, WriteQuorum.ALL, Compression.LZ4);
    for (int replicas = 1; replicas <= 7; replicas++) {
      assertThat(StoragePolicy.DEFAULT.quorumOf(replicas)).isEqualTo(replicas / 2 + 1);
      assertThat(all.quorumOf(replicas)).isEqualTo(replicas);
    }
    MemoryStore store = new MemoryStore();
    List<NodeId> nodes = List.of(new NodeId(1), new NodeId(2), new NodeId(3));
    PlacementRow.save(store, even(Placement.EMPTY, all, nodes));
    PlacementRow.Glance glance = PlacementRow.glance(store);
    assertThat(glance.isQuorum(7, nodes.subList(0, 2))).isFalse();
    assertThat(glance.isQuorum(7, nodes)).isTrue();
    PlacementRow.save(store, even(Placement.EMPTY, StoragePolicy.DEFAULT, nodes));
    glance = PlacementRow.glance(store);
    assertThat(glance.isQuorum(7, List.of(new NodeId(1), new NodeId(1), new NodeId(9)))).isFalse();
    assertThat(glance.isQuorum(7, nodes.subList(0, 2))).isTrue();
  }

  @Test
  void aGlanceAtTheRowShowsWhatTheWholeMapDoes() {
    MemoryStore store = new MemoryStore();
    assertThat(PlacementRow.glance(store).replicas(255)).isEmpty();
    Placement placement = Placement.EMPTY;
    for (long nodes = 1; nodes <= 5; nodes++) {
      StoragePolicy policy = new StoragePolicy((int) nodes, WriteQuorum.ALL, Compression.ZSTD);
      placement =
          even(placement, policy, LongStream.rangeClosed(1, nodes).mapToObj(NodeId::new).toList());
      PlacementRow.save(store, placement);
      PlacementRow.Glance glance = PlacementRow.glance(store);
      assertThat(glance.epoch()).isEqualTo(placement.epoch());
      assertThat(PlacementRow.load(store)).isEqualTo(placement);
      for (int group = 0; group < BlockId.GROUPS; group++) {
        assertThat(glance.replicas(group)).isEqualTo(placement.replicas(group));
      }
    }
  }
}
