package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * When the last leader of an earlier term can have been in touch with a majority. A leader grants
 * leases by the word of a majority that was in its term at some time ({@link TermProof}). Any such
 * majority has a member in common with any other. So once a majority has said since when each of
 * its members has taken no part in earlier terms, the latest of these times bounds what leaders of
 * earlier terms can have proven, whether they know that they were deposed or not.
 *
 * <p>That holds while the voters stay the same; see {@link Releases} for when they change.
 *
 * <p>Times are this leader's. Not thread-safe.
 */
final class SilentTerms {
  private static final long PERCENT = 100;

  private final List<Set<NodeId>> voters;
  private final Map<NodeId, Long> apartSince = new HashMap<>();

  /**
   * @param voters whose majority elects leaders, now and for a lease by now: one set, or two while
   *     the membership changes; none if they have changed lately, and then nothing is known
   */
  SilentTerms(List<Set<NodeId>> voters) {
    this.voters = List.copyOf(voters);
  }

  /**
   * A node, which is in this leader's term, says that it has taken no part in earlier ones for so
   * long.
   *
   * @param now not before the node said so
   * @return the time after which no majority took part in earlier terms; at or after {@code now}
   *     while that is not known
   */
  long apart(NodeId node, long now, long apartNanos) {
    // Its clock may be fast by as much as clocks may differ.
    long at = now - Math.max(0, apartNanos - apartNanos / PERCENT);
    apartSince.merge(node, at, Math::min);
    long since = voters.isEmpty() ? now : Long.MIN_VALUE;
    for (Set<NodeId> group : voters) {
      long[] times =
          group.stream().mapToLong(one -> apartSince.getOrDefault(one, now)).sorted().toArray();
      // Sorted upwards: the first n/2 + 1 are the majority that left first.
      since = Math.max(since, times.length == 0 ? now : times[times.length / 2]);
    }
    return since;
  }
}
