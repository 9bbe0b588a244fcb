package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes hold which placement group, primary first. Deterministic: a function of the map
 * before and of the nodes.
 *
 * @param epoch grows by one with each change
 * @param policy how many copies there are, and how a write counts
 * @param groups the replicas of each of the {@link BlockId#GROUPS} groups
 */
public record Placement(long epoch, StoragePolicy policy, List<List<NodeId>> groups) {
  /** The map before the first node. */
  public static final Placement EMPTY = empty();

  public Placement {
    if (groups.size() != BlockId.GROUPS) {
      throw new IllegalArgumentException("a placement map has " + BlockId.GROUPS + " groups");
    }
    groups = groups.stream().map(List::copyOf).toList();
  }

  private static Placement empty() {
    List<List<NodeId>> groups = new ArrayList<>();
    for (int i = 0; i < BlockId.GROUPS; i++) {
      groups.add(List.of());
    }
    return new Placement(0, StoragePolicy.DEFAULT, groups);
  }

  /** The replicas of a group, primary first; empty before the first node. */
  public List<NodeId> replicas(int group) {
    return groups.get(group);
  }

  /** How many stable copies a write to this group waits for. */
  public int quorum(int group) {
    return policy.quorumOf(replicas(group).size());
  }

  /** The map for the same policy and these nodes. */
  public Placement with(Collection<NodeId> nodes) {
    return with(policy, nodes);
  }

  /**
   * The map for these nodes: loads and primaries differ by one at most where that is possible, and
   * no group moves that need not.
   */
  public Placement with(StoragePolicy wanted, Collection<NodeId> nodes) {
    int copies = Math.min(wanted.copies(), nodes.size());
    List<List<NodeId>> next = new ArrayList<>();
    for (List<NodeId> group : groups) {
      next.add(new ArrayList<>(group));
      next.get(next.size() - 1).retainAll(new HashSet<>(nodes));
    }
    shorten(next, nodes, copies);
    fill(next, nodes, copies);
    spread(next, nodes);
    spreadPrimaries(next, nodes);
    return new Placement(epoch + 1, wanted, next);
  }

  /** Takes backups away, each from the node that holds most of those that could go. */
  private static void shorten(List<List<NodeId>> groups, Collection<NodeId> nodes, int copies) {
    Map<NodeId, Integer> loads = loads(groups, nodes, false);
    for (List<NodeId> group : groups) {
      while (group.size() > copies) {
        NodeId most = group.get(1);
        for (NodeId node : group.subList(1, group.size())) {
          if (load(loads, node) > load(loads, most)) {
            most = node;
          }
        }
        group.remove(most);
        loads.merge(most, -1, Integer::sum);
      }
    }
  }

  private static void fill(List<List<NodeId>> groups, Collection<NodeId> nodes, int factor) {
    Map<NodeId, Integer> loads = loads(groups, nodes, false);
    for (List<NodeId> group : groups) {
      while (group.size() < factor) {
        NodeId least = null;
        for (NodeId node : loads.keySet()) {
          if (!group.contains(node) && (least == null || load(loads, node) < load(loads, least))) {
            least = node;
          }
        }
        if (least == null) {
          throw new IllegalStateException("fewer nodes than copies");
        }
        group.add(least);
        loads.merge(least, 1, Integer::sum);
      }
    }
  }

  /** Moves one replica at a time from the fullest node to the emptiest; each step evens out. */
  private static void spread(List<List<NodeId>> groups, Collection<NodeId> nodes) {
    Map<NodeId, Integer> loads = loads(groups, nodes, false);
    int from = 0;
    while (true) {
      NodeId most = extreme(loads, 1);
      NodeId least = extreme(loads, -1);
      if (most == null || least == null || load(loads, most) - load(loads, least) <= 1) {
        return;
      }
      for (int i = 0; i < groups.size(); i++) {
        // Goes on where the last one moved, so that the groups of a newcomer are spread too.
        List<NodeId> group = groups.get((from + i) % groups.size());
        if (group.contains(most) && !group.contains(least)) {
          group.set(group.indexOf(most), least);
          from = (from + i + 1) % groups.size();
          break;
        }
      }
      loads.merge(most, -1, Integer::sum);
      loads.merge(least, 1, Integer::sum);
    }
  }

  /** Swaps primaries with a backup of the same group: no data moves. */
  private static void spreadPrimaries(List<List<NodeId>> groups, Collection<NodeId> nodes) {
    Map<NodeId, Integer> loads = loads(groups, nodes, true);
    boolean moved = true;
    while (moved) {
      moved = false;
      for (List<NodeId> group : groups) {
        for (int i = 1; i < group.size(); i++) {
          NodeId primary = group.get(0);
          NodeId backup = group.get(i);
          if (load(loads, primary) - load(loads, backup) > 1) {
            group.set(0, backup);
            group.set(i, primary);
            loads.merge(primary, -1, Integer::sum);
            loads.merge(backup, 1, Integer::sum);
            moved = true;
          }
        }
      }
    }
  }

  private static Map<NodeId, Integer> loads(
      List<List<NodeId>> groups, Collection<NodeId> nodes, boolean primaries) {
    Map<NodeId, Integer> loads = new TreeMap<>();
    nodes.forEach(node -> loads.put(node, 0));
    for (List<NodeId> group : groups) {
      int counted = primaries ? Math.min(1, group.size()) : group.size();
      group.subList(0, counted).forEach(node -> loads.merge(node, 1, Integer::sum));
    }
    return loads;
  }

  private static @Nullable NodeId extreme(Map<NodeId, Integer> loads, int sign) {
    NodeId best = null;
    for (Map.Entry<NodeId, Integer> load : loads.entrySet()) {
      if (best == null || sign * (load.getValue() - load(loads, best)) > 0) {
        best = load.getKey();
      }
    }
    return best;
  }

  private static int load(Map<NodeId, Integer> loads, NodeId node) {
    return loads.getOrDefault(node, 0);
  }
}
