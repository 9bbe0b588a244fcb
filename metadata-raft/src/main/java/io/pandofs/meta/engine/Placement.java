package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.StoragePolicy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

  /**
   * The map for these nodes: each holds groups by its capacity, as far as no node holds a group
   * twice; primaries differ by one at most where that is possible, and no group moves that need
   * not.
   *
   * @param capacities of the nodes in bytes; 0 for one whose is not known
   */
  public Placement with(StoragePolicy wanted, Map<NodeId, Long> capacities) {
    Set<NodeId> nodes = new TreeSet<>(capacities.keySet());
    int copies = Math.min(wanted.copies(), nodes.size());
    Map<NodeId, Integer> quotas = Quotas.of(capacities, copies * groups.size(), groups.size());
    List<List<NodeId>> next = new ArrayList<>();
    for (List<NodeId> group : groups) {
      next.add(new ArrayList<>(group));
      next.get(next.size() - 1).retainAll(nodes);
    }
    shorten(next, quotas, copies);
    fill(next, quotas, copies);
    spread(next, quotas);
    spreadPrimaries(next, nodes);
    return new Placement(epoch + 1, wanted, next);
  }

  /** Takes backups away, each from the node that is furthest above its quota. */
  private static void shorten(List<List<NodeId>> groups, Map<NodeId, Integer> quotas, int copies) {
    Map<NodeId, Integer> excess = excess(groups, quotas);
    for (List<NodeId> group : groups) {
      while (group.size() > copies) {
        NodeId most = group.get(1);
        for (NodeId node : group.subList(1, group.size())) {
          if (load(excess, node) > load(excess, most)) {
            most = node;
          }
        }
        group.remove(most);
        excess.merge(most, -1, Integer::sum);
      }
    }
  }

  private static void fill(List<List<NodeId>> groups, Map<NodeId, Integer> quotas, int copies) {
    Map<NodeId, Integer> excess = excess(groups, quotas);
    for (List<NodeId> group : groups) {
      while (group.size() < copies) {
        NodeId least = null;
        for (NodeId node : excess.keySet()) {
          if (!group.contains(node)
              && (least == null || load(excess, node) < load(excess, least))) {
            least = node;
          }
        }
        if (least == null) {
          throw new IllegalStateException("fewer nodes than copies");
        }
        group.add(least);
        excess.merge(least, 1, Integer::sum);
      }
    }
  }

  /** Moves one replica at a time from a node above its quota to one below; each step evens out. */
  private static void spread(List<List<NodeId>> groups, Map<NodeId, Integer> quotas) {
    Map<NodeId, Integer> excess = excess(groups, quotas);
    int from = 0;
    while (true) {
      NodeId most = extreme(excess, 1);
      NodeId least = extreme(excess, -1);
      if (most == null || least == null || load(excess, most) <= 0 || load(excess, least) >= 0) {
        return;
      }
      int moved = move(groups, from, most, least);
      from = 1 + (moved >= 0 ? moved : moveByAnother(groups, most, least));
      excess.merge(most, -1, Integer::sum);
      excess.merge(least, 1, Integer::sum);
    }
  }

  /**
   * Goes on where the last one moved, so that the groups of a newcomer are spread too.
   *
   * @return the group; -1 if there is none
   */
  private static int move(List<List<NodeId>> groups, int from, NodeId giver, NodeId taker) {
    for (int i = 0; i < groups.size(); i++) {
      int at = (from + i) % groups.size();
      List<NodeId> group = groups.get(at);
      if (group.contains(giver) && !group.contains(taker)) {
        group.set(group.indexOf(giver), taker);
        return at;
      }
    }
    return -1;
  }

  /**
   * The taker is in all groups of the giver. There is a third node that can have one of them and is
   * in a group without the taker: the members of a group without the taker cannot all be in each
   * group of the giver, where there is room for fewer beside giver and taker.
   */
  private static int moveByAnother(List<List<NodeId>> groups, NodeId giver, NodeId taker) {
    for (List<NodeId> group : groups) {
      for (int i = 0; i < group.size() && !group.contains(taker); i++) {
        int moved = move(groups, 0, giver, group.get(i));
        if (moved >= 0) {
          group.set(i, taker);
          return moved;
        }
      }
    }
    throw new IllegalStateException("no group of " + giver + " can go to " + taker);
  }

  /** How many groups each node holds above its quota. */
  private static Map<NodeId, Integer> excess(
      List<List<NodeId>> groups, Map<NodeId, Integer> quotas) {
    Map<NodeId, Integer> excess = loads(groups, quotas.keySet(), false);
    quotas.forEach((node, quota) -> excess.merge(node, -quota, Integer::sum));
    return excess;
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
