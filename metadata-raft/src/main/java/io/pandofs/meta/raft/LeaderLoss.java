package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a new leader elected as soon as it is seen that the old one's process is gone, because its
 * host refuses connections to it. Ratis alone looks for a silent leader once an election time-out,
 * and finds it between one and two of them after it died. A host that is gone, a process that is
 * stopped and a cut network refuse nothing: these are found by the time-out.
 *
 * <p>The voters that are left stand one after the other, in the order of their ids, so that they do
 * not take each other's votes; who sees that another one has stood leaves it at that. An election
 * is safe whoever stands and however wrong the sign was; so that a host which refuses connections
 * for another reason does not cost a leader again and again, a node stands once a term.
 *
 * <p>Thread-safe.
 */
final class LeaderLoss {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderLoss.class);

  private final RatisNode ratis;
  private final Timer timer;
  private final Executor executor;
  private final long turnNanos;

  /** The last term in which the leader was seen to be gone. */
  @GuardedBy("this")
  private long lostTerm = -1;

  /**
   * @param executor for what writes to the disk, and may wait long for Ratis
   * @param electionMin Raft's shortest time-out; a voter gives the one before it so long
   */
  LeaderLoss(RatisNode ratis, Timer timer, Executor executor, Duration electionMin) {
    this.ratis = ratis;
    this.timer = timer;
    this.executor = executor;
    this.turnNanos = electionMin.toNanos();
  }

  /**
   * Nobody listens at this leader's address. Does not block.
   *
   * @param term in which it was asked; what comes late says nothing of a later leader
   */
  void gone(NodeId leader, long term) {
    synchronized (this) {
      if (term <= lostTerm || ratis.term() != term) {
        return;
      }
      lostTerm = term;
    }
    int turn = turn(leader);
    if (turn >= 0) {
      timer.after(turn * turnNanos, () -> executor.execute(() -> stand(leader, term)));
    }
  }

  /** How many others stand before this node; -1 if it does not stand. */
  private int turn(NodeId leader) {
    List<Set<NodeId>> voters = ratis.voters();
    return voters.stream().allMatch(group -> group.contains(ratis.self()))
        ? (int)
            voters.stream()
                .flatMap(Set::stream)
                .distinct()
                .filter(node -> !node.equals(leader) && node.value() < ratis.self().value())
                .count()
        : -1;
  }

  private void stand(NodeId leader, long term) {
    if (ratis.term() == term && ratis.stand(leader)) {
      LOG.info("{}: the process of leader {} is gone: standing for election", ratis.self(), leader);
    }
  }
}
