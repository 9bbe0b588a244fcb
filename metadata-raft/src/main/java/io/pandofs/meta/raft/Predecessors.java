package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.engine.ClusterView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the sessions that an earlier process of this node has left: this one holds the lock of the
 * data directory, so their mounts are gone (PROTOCOL 7). Thread-safe.
 */
final class Predecessors {
  private static final Logger LOG = LoggerFactory.getLogger(Predecessors.class);

  private final NodeId self;
  private final LiveTables tables;
  private final AppliedGate applied;
  private final LeaderEvents events;
  private final Retry retry;
  private final Executor executor;
  private final Predicate<SessionId> isOwn;
  private final Function<SessionId, CompletableFuture<?>> end;

  /**
   * @param executor for work that reads tables
   * @param isOwn whether a session is this process's
   * @param end ends a session through the log
   */
  Predecessors(
      NodeId self,
      LiveTables tables,
      AppliedGate applied,
      LeaderEvents events,
      Retry retry,
      Executor executor,
      Predicate<SessionId> isOwn,
      Function<SessionId, CompletableFuture<?>> end) {
    this.self = self;
    this.tables = tables;
    this.applied = applied;
    this.events = events;
    this.retry = retry;
    this.executor = executor;
    this.isOwn = isOwn;
    this.end = end;
  }

  /** Completes when all that were registered up to this index are over. */
  CompletableFuture<Void> endUpTo(long index) {
    if (applied.get() < index) {
      // Comes back when more is applied; the thread has other work meanwhile.
      return retry
          .pause(Retry.PAUSE_MIN_MILLIS, events.next())
          .thenComposeAsync(none -> endUpTo(index), executor);
    }
    List<CompletableFuture<?>> all = new ArrayList<>();
    try (LocalSnapshot snapshot = tables.snapshot()) {
      for (ClusterView.Session session : snapshot.cluster().sessions()) {
        if (session.node().equals(self) && !isOwn.test(session.id())) {
          LOG.info("{}: was this node's before it restarted: ending it", session.id());
          all.add(end.apply(session.id()));
        }
      }
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
  }
}
