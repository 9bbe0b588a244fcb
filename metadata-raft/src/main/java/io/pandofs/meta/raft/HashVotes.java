package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the nodes have told the leader of their tables: equal as of one index, or some are damaged
 * in a way that no checksum on a disk shows. Whoever has other ones than a majority of the voters
 * is told. Thread-safe.
 */
final class HashVotes {
  private record Vote(long index, String hash) {}

  /** The last one of each member. */
  @GuardedBy("this")
  private final Map<NodeId, Vote> votes = new HashMap<>();

  /**
   * A member tells its hash, again and again.
   *
   * @param voters the groups of voters, two of them while they change: a majority of each counts
   * @return whether a majority has another one as of the same index, which is the same for all of
   *     it
   */
  synchronized boolean differs(NodeId node, long index, String hash, List<Set<NodeId>> voters) {
    Vote own = new Vote(index, hash);
    votes.put(node, own);
    for (Vote other : votes.values()) {
      if (other.index() == index && !other.equals(own) && isMajority(votes, other, voters)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isMajority(Map<NodeId, Vote> votes, Vote vote, List<Set<NodeId>> voters) {
    for (Set<NodeId> group : voters) {
      long alike = group.stream().filter(node -> vote.equals(votes.get(node))).count();
      if (alike <= group.size() / 2) {
        return false;
      }
    }
    return !voters.isEmpty();
  }
}
