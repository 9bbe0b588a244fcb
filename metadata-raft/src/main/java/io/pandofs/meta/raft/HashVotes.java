package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the nodes have told the leader of their tables: equal as of one index, or some are damaged
 * in a way that no checksum on a disk shows. Whoever has other ones than a majority of the voters
 * is told. Thread-safe.
 */
final class HashVotes {
  private static final int INDEXES_MAX = 8;

  @GuardedBy("this")
  private final TreeMap<Long, Map<NodeId, String>> byIndex = new TreeMap<>();

  /**
   * A node tells its hash, again and again.
   *
   * @param voters the groups of voters, two of them while they change: a majority of each counts
   * @return whether a majority has another one, which is the same for all of it
   */
  synchronized boolean differs(NodeId node, long index, String hash, List<Set<NodeId>> voters) {
    Map<NodeId, String> hashes = byIndex.computeIfAbsent(index, same -> new HashMap<>());
    hashes.put(node, hash);
    while (byIndex.size() > INDEXES_MAX) {
      byIndex.pollFirstEntry();
    }
    return hashes.values().stream()
        .anyMatch(other -> !other.equals(hash) && isMajority(hashes, other, voters));
  }

  private static boolean isMajority(
      Map<NodeId, String> hashes, String hash, List<Set<NodeId>> voters) {
    for (Set<NodeId> group : voters) {
      long alike = group.stream().filter(node -> hash.equals(hashes.get(node))).count();
      if (alike <= group.size() / 2) {
        return false;
      }
    }
    return !voters.isEmpty();
  }
}
