package io.pandofs.meta.raft;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.simulation.ModelPeer;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.SessionRenewal;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** {@link LeaderDuties} over the model of Raft: the same steps in the same order. */
final class SimulatedDuties {
  private static final int REAP_MAX = 16;
  private final ModelPeer raft;
  private final Supplier<CompletableFuture<Void>> proof;
  private final Clock clock;
  private final Supplier<ClusterView> tables;
  private final Predicate<Rule> keeps;
  private final SessionWatch watch;
  private final long sessionNanos;
  private final QuorumProof majority;
  private long term = -1;
  private long lastTickNanos;

  SimulatedDuties(
      ModelPeer raft,
      Supplier<CompletableFuture<Void>> proof,
      Clock clock,
      long sessionNanos,
      Supplier<ClusterView> tables,
      Predicate<Rule> keeps) {
    this.sessionNanos = sessionNanos;
    this.watch = new SessionWatch(sessionNanos);
    this.raft = raft;
    this.proof = proof;
    this.clock = clock;
    this.tables = tables;
    this.keeps = keeps;
    this.majority =
        new QuorumProof(clock, sessionNanos / 2, proof, () -> restart(clock.nanoTime()));
  }

  CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    if (!raft.leads()) {
      return CompletableFuture.failedFuture(new NoLeaderException("does not lead"));
    }
    long now = clock.nanoTime();
    syncTerm(now);
    RenewAnswer.Builder answer = RenewAnswer.newBuilder();
    for (SessionRenewal renewal : request.getSessionsList()) {
      boolean known = tables.get().session(new SessionId(renewal.getSession())) != null;
      if (!known || !watch.renewed(renewal, now)) {
        answer.addUnknown(renewal.getSession());
      }
    }
    return keeps.test(Rule.RENEWAL_PROVES)
        ? proof.get().thenApply(none -> answer.build())
        : CompletableFuture.completedFuture(answer.build());
  }

  private void syncTerm(long now) {
    boolean stalled = now - lastTickNanos > sessionNanos / 2;
    if (raft.term() != term) {
      begin(now);
      term = raft.term();
    } else if (stalled) {
      restart(now);
    }
    lastTickNanos = now;
  }

  private void begin(long now) {
    if (keeps.test(Rule.NEW_LEADER_RESTARTS_TIMERS)) {
      watch.begin(now);
    }
  }

  private void restart(long now) {
    if (keeps.test(Rule.NEW_LEADER_RESTARTS_TIMERS)) {
      watch.restart(now);
    }
  }

  void tick() {
    if (!raft.leads()) {
      return;
    }
    long now = clock.nanoTime();
    syncTerm(now);
    majority.ask();
    List<ClusterView.Session> live = tables.get().sessions();
    List<ClusterView.Orphan> orphans = tables.get().orphansAfter(0, REAP_MAX);
    List<InodeId> free =
        keeps.test(Rule.REAP_WHAT_NOBODY_HOLDS)
            ? watch.reapable(orphans, live)
            : orphans.stream().map(ClusterView.Orphan::inode).toList();
    boolean expire = majority.isFresh() || !keeps.test(Rule.NO_QUORUM_NO_EXPIRY);
    List<SessionId> overdue = watch.overdue(live, now, expire);
    if (expire) {
      overdue.forEach(session -> propose(new LogEntry.ExpireSession(session)));
    }
    if (!free.isEmpty()) {
      long asOf = orphans.stream().mapToLong(ClusterView.Orphan::index).max().orElse(0);
      propose(new LogEntry.Reap(free, asOf));
    }
  }

  /** What is lost is proposed again at the next tick. */
  private void propose(LogEntry entry) {
    raft.propose(LogCodec.encode(entry));
  }
}
