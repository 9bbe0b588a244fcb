package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Until when no other leader can have been elected: a voter that was in this term at some time had
 * not voted for a later one before. So while a majority was in this term at time {@code t} or
 * later, whoever is elected in a later term is elected after {@code t}. Times are this leader's.
 * Not thread-safe.
 */
final class TermProof {
  /** No majority has been heard of. */
  static final long NONE = Long.MIN_VALUE;

  private final Map<NodeId, Long> inTermAt = new HashMap<>();

  /** The node was in this term at this time, or later. */
  void heard(NodeId node, long at) {
    inTermAt.merge(node, at, Math::max);
  }

  void forget() {
    inTermAt.clear();
  }

  /**
   * The latest time at which a majority is known to have been in this term.
   *
   * @param voters one set, or two while the membership changes; a majority of each is needed
   * @param self is in the term now
   */
  long since(List<Set<NodeId>> voters, NodeId self, long now) {
    long since = now;
    for (Set<NodeId> group : voters) {
      long[] times =
          group.stream()
              .mapToLong(node -> node.equals(self) ? now : inTermAt.getOrDefault(node, NONE))
              .sorted()
              .toArray();
      // Sorted upwards: with n voters the last n/2 + 1 are a majority.
      since = times.length == 0 ? NONE : Math.min(since, times[(times.length - 1) / 2]);
    }
    return voters.isEmpty() ? NONE : since;
  }
}
