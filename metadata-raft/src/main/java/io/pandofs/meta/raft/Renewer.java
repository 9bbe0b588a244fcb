package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the leader, every second and after each change of leaders, that this node's sessions live.
 * Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class Renewer {
  private static final Logger LOG = LoggerFactory.getLogger(Renewer.class);

  private final NodeId self;
  private final LeaderCalls leader;
  private final LiveTables tables;
  private final AppliedGate applied;
  private final Clock clock;
  private final RaftTiming timing;
  private final Supplier<Collection<RaftSession>> sessions;
  private final Consumer<SessionId> onUnknown;
  private final QuorumWatch quorum;
  private final TableHashes hashes;

  @GuardedBy("this")
  private long renewedNanos;

  @GuardedBy("this")
  private CompletableFuture<Void> renewal = new CompletableFuture<>();

  @GuardedBy("this")
  private long clockAheadMillis;

  @GuardedBy("this")
  private boolean clockRefused;

  /**
   * @param onUnknown the leader does not know a session; called on the answer's thread
   * @param hashes told to the leader; they are told how it compared them
   */
  Renewer(
      NodeId self,
      LeaderCalls leader,
      LiveTables tables,
      AppliedGate applied,
      Clock clock,
      RaftTiming timing,
      Supplier<Collection<RaftSession>> sessions,
      Consumer<SessionId> onUnknown,
      QuorumWatch quorum,
      TableHashes hashes) {
    this.self = self;
    this.leader = leader;
    this.tables = tables;
    this.applied = applied;
    this.clock = clock;
    this.timing = timing;
    this.sessions = sessions;
    this.onUnknown = onUnknown;
    this.quorum = quorum;
    this.hashes = hashes;
    this.renewedNanos = clock.nanoTime();
  }

  /** Sends one renewal. Reads tables: not for an I/O thread. */
  void renew() {
    RenewRequest.Builder request = RenewRequest.newBuilder().setNode(self.value());
    long sentNanos = clock.nanoTime();
    // First what is applied, then what is held: see the rule on orphans in SessionWatch.
    long index = applied.get();
    List<RaftSession> renewed = List.copyOf(sessions.get());
    try (LocalSnapshot snapshot = tables.snapshot()) {
      for (RaftSession session : renewed) {
        request.addSessions(session.renewal(index, snapshot.cluster()));
      }
    }
    request.setWallMillis(LeaderDuties.millis(clock.now()));
    Map.Entry<Long, String> hash = hashes.newest();
    if (hash != null) {
      request.setHashIndex(hash.getKey()).setTableHash(hash.getValue());
    }
    leader
        .renew(request.build())
        .whenComplete((answer, failure) -> answered(sentNanos, renewed, answer, failure));
  }

  private void answered(
      long sentNanos, List<RaftSession> renewed, RenewAnswer answer, @Nullable Throwable failure) {
    if (failure != null) {
      LOG.debug("{}: not renewed: {}", self, failure.toString());
      return;
    }
    quorum.heard();
    // Before anybody can see that this node was heard.
    Set<Long> unknown = Set.copyOf(answer.getUnknownList());
    renewed.forEach(
        session -> session.sign().answered(sentNanos, !unknown.contains(session.id().value())));
    CompletableFuture<Void> waiting;
    synchronized (this) {
      clockAheadMillis = answer.getClockAheadMillis();
      if (answer.getClockRefused() && !clockRefused) {
        LOG.error(
            "This node's clock is {} ms ahead of the leader's, over {} s: it gets no new session;"
                + " set the clock",
            clockAheadMillis,
            timing.clockRefuse().toSeconds());
      }
      clockRefused = answer.getClockRefused();
      renewedNanos = Math.max(renewedNanos, sentNanos);
      waiting = renewal;
      renewal = new CompletableFuture<>();
    }
    waiting.complete(null);
    hashes.compared(answer.getTablesDiffer());
    unknown.forEach(session -> onUnknown.accept(new SessionId(session)));
  }

  /**
   * Whether a leader has lately answered, so that this node's sessions may live: see {@link
   * LifeSign} for each of them.
   */
  synchronized boolean isCurrent() {
    return clock.nanoTime() - renewedNanos < lifeNanos(timing);
  }

  /**
   * How long after a renewal was sent a session surely lives: the deadline is a tenth before the
   * leader's.
   */
  static long lifeNanos(RaftTiming timing) {
    return timing.session().toNanos() / 10 * 9;
  }

  /** Completes at the next renewal. */
  synchronized CompletableFuture<Void> next() {
    return renewal;
  }

  /** This node's clock minus the leader's, as of the last renewal. */
  synchronized long clockAheadMillis() {
    return clockAheadMillis;
  }
}
