package io.pandofs.tools.space;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * What is lost with the next disk: blocks of which all replicas but one have no copy (PROTOCOL rule
 * 13). Each node tells how many blocks of a group it lacks and not which, so this is the most that
 * there can be; none, if none are told.
 *
 * @param blocks at most so many
 * @param unknownGroups placement groups of which it cannot be said, as too few replicas tell
 */
public record OneCopy(long blocks, int unknownGroups) {
  public static final OneCopy NONE = new OneCopy(0, 0);

  /**
   * Counts.
   *
   * @param groups the replicas of each placement group; one with a single replica has one copy of
   *     all, as was wanted, and does not count
   * @param stores of the nodes that tell what they lack
   */
  static <N> OneCopy of(List<List<N>> groups, Map<N, NodeStore> stores) {
    long blocks = 0;
    int unknown = 0;
    for (int group = 0; group < groups.size(); group++) {
      List<N> replicas = groups.get(group);
      int number = group;
      long[] lacks =
          replicas.stream()
              .map(stores::get)
              .filter(store -> store != null && store.lacking() != null)
              .mapToLong(store -> lacked(store, number))
              .sorted()
              .toArray();
      // Who does not tell may lack any block, each of them once.
      int others = lacks.length - 1;
      if (replicas.size() < 2) {
        continue;
      }
      if (others <= 0) {
        unknown++;
      } else {
        blocks += most(lacks, others);
      }
    }
    return new OneCopy(blocks, unknown);
  }

  private static long lacked(NodeStore store, int group) {
    Map<Integer, Long> lacking = store.lacking();
    return lacking == null ? 0 : lacking.getOrDefault(group, 0L);
  }

  /**
   * How many blocks can be lacked by so many nodes each: those that lack the most are in as many of
   * them as there are, the others share out what they lack.
   *
   * @param lacks how many each node lacks, in ascending order
   */
  private static long most(long[] lacks, int nodes) {
    long most = Long.MAX_VALUE;
    for (int full = 0; full < nodes; full++) {
      long sum = LongStream.of(lacks).limit(lacks.length - full).sum();
      most = Math.min(most, sum / (nodes - full));
    }
    return most;
  }
}
