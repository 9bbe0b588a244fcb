package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Binds {@link Releases} to this node's Raft server: tells it when this node leads and what it has
 * applied, checks what other nodes say, and sees to it that followers whose readers wait learn of a
 * commit at once. Every node has one; it refuses while another node leads. Thread-safe.
 */
final class LeaderFreshness {
  private static final long NUDGE_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long NUDGE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(64);

  private final RatisNode ratis;
  private final AppliedGate applied;
  private final Releases releases;
  private final Timer timer;

  /** Counts what is to be told; only the newest is told again. */
  @GuardedBy("this")
  private long nudges;

  LeaderFreshness(RatisNode ratis, AppliedGate applied, Releases releases, Timer timer) {
    this.ratis = ratis;
    this.applied = applied;
    this.releases = releases;
    this.timer = timer;
  }

  /** Looks whether this node leads. Called at every event, cheap. */
  boolean look() {
    return releases.look(this::leading, applied::get);
  }

  /** The term in which this node leads; negative while it does not. */
  private long leading() {
    long term = ratis.term();
    // Nobody leads twice in one term: if it leads between two looks at one term, it is that one's.
    return ratis.leads() && ratis.term() == term ? term : -1;
  }

  /** This node has applied the log up to here; see {@link PublicEntries}. */
  void applied(long index, boolean isPublic) {
    if (look()) {
      releases.applied(index, isPublic);
      nudge();
    }
  }

  void members(Set<NodeId> nodes) {
    releases.members(nodes);
  }

  /** Puts an entry into the log and answers when that is released. */
  CompletableFuture<LogReply> propose(byte[] entry) {
    return ratis
        .proposeAt(entry)
        .thenCompose(
            proposed -> {
              look();
              return releases
                  .whenReleased(proposed.index())
                  .thenApply(released -> proposed.reply());
            });
  }

  /** See {@link LeaderCalls#confirm}. */
  CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    if (!look()) {
      return CompletableFuture.failedFuture(new NoLeaderException(ratis.self() + " does not lead"));
    }
    if (request.getNode() <= 0
        || request.getApplied() < -1
        || request.getApplied() > ratis.lastIndex()
        || request.getNumber() <= 0
        || request.getTerm() < 0
        || request.getApartNanos() < 0) {
      return CompletableFuture.failedFuture(
          new RefusedException("a node confirms what makes no sense: " + request));
    }
    CompletableFuture<ConfirmAnswer> answer = releases.confirm(request);
    if (request.getApplied() < applied.get()) {
      nudge();
    }
    return answer;
  }

  /** An index at or above all that was acknowledged or shown to anybody before the call. */
  CompletableFuture<Long> readIndex() {
    if (!look()) {
      return CompletableFuture.failedFuture(new NoLeaderException(ratis.self() + " does not lead"));
    }
    long known = releases.readIndexIfProven();
    if (known >= 0) {
      return CompletableFuture.completedFuture(known);
    }
    long index = releases.readIndex();
    return ratis.proveLeading().thenApply(none -> index);
  }

  /**
   * Completes when it is proven that no other leader was elected earlier than one lease before the
   * call. The tables of this node, as the leader, have all then that was acknowledged before it.
   */
  CompletableFuture<Void> proveLeading() {
    return readIndex().thenApply(index -> null);
  }

  /** As {@link #readIndex}, for a follower, which is told at once how far the log is committed. */
  CompletableFuture<Long> readIndexFor(NodeId follower) {
    return readIndex()
        .thenApply(
            index -> {
              ratis.tellCommitted(Set.of(follower));
              return index;
            });
  }

  /** Tells those who wait how far the log is committed, until they have applied it or gone. */
  private void nudge() {
    long round;
    synchronized (this) {
      round = ++nudges;
    }
    nudge(round, NUDGE_NANOS_MIN);
  }

  private void nudge(long round, long pauseNanos) {
    Set<NodeId> behind = releases.behind();
    synchronized (this) {
      if (behind.isEmpty() || round != nudges) {
        return;
      }
    }
    ratis.tellCommitted(behind);
    timer.after(pauseNanos, () -> nudge(round, Math.min(2 * pauseNanos, NUDGE_NANOS_MAX)));
  }
}
