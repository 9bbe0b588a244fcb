package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PlacementTest {
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
        Placement after = placement.with(nodes);
        assertThat(placement.with(nodes)).as("seed %s", seed).isEqualTo(after);
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
  void aGlanceAtTheRowShowsWhatTheWholeMapDoes() {
    MemoryStore store = new MemoryStore();
    assertThat(PlacementRow.glance(store).replicas(255)).isEmpty();
    Placement placement = Placement.EMPTY;
    for (long nodes = 1; nodes <= 5; nodes++) {
      placement = placement.with(LongStream.rangeClosed(1, nodes).mapToObj(NodeId::new).toList());
      PlacementRow.save(store, placement);
      PlacementRow.Glance glance = PlacementRow.glance(store);
      assertThat(glance.epoch()).isEqualTo(placement.epoch());
      for (int group = 0; group < BlockId.GROUPS; group++) {
        assertThat(glance.replicas(group)).isEqualTo(placement.replicas(group));
      }
    }
  }
}
