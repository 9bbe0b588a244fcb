package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * How a node that was removed leaves the Raft group. The entry that removes it comes before the
 * change of voters, and that change needs its answer too where two voters become one: it goes on
 * voting, and does nothing else, until it has that change in its log. Thread-safe.
 */
final class Departure {
  private static final long LOOK_NANOS = Duration.ofMillis(100).toNanos();

  /** For the answer that says so to be on its way, and for other followers to catch up. */
  private static final long LINGER_NANOS = Duration.ofSeconds(1).toNanos();

  /** Longer it is not waited for: the change was made without this node. */
  private static final long PATIENCE_NANOS = Duration.ofSeconds(15).toNanos();

  private final NodeId self;
  private final Supplier<List<Set<NodeId>>> voters;
  private final Clock clock;
  private final Timer timer;
  private final CompletableFuture<Void> over = new CompletableFuture<>();

  /**
   * @param voters whose majority elects leaders, the newest set first; empty when it is not known
   */
  Departure(NodeId self, Supplier<List<Set<NodeId>>> voters, Clock clock, Timer timer) {
    this.self = self;
    this.voters = voters;
    this.clock = clock;
    this.timer = timer;
  }

  /** Completes when the group can do without this node's vote, or has had time enough. */
  CompletableFuture<Void> begin() {
    look(clock.nanoTime() + PATIENCE_NANOS);
    return over;
  }

  private void look(long deadline) {
    List<Set<NodeId>> now = voters.get();
    if (now.isEmpty() || clock.nanoTime() - deadline >= 0) {
      over.complete(null);
    } else if (now.get(0).contains(self)) {
      timer.after(LOOK_NANOS, () -> look(deadline));
    } else {
      timer.after(LINGER_NANOS, () -> over.complete(null));
    }
  }
}
