package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.TableHash;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.SessionRenewal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leader does of its own accord: it expires silent sessions, while a majority follows it,
 * frees orphans that nobody has open, and has the nodes' tables compared. Every node runs it; it
 * does nothing while another one leads. All that it proposes may be repeated: what is lost is
 * proposed again as long as there is cause for it, a comparison with the next hour. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class LeaderDuties {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderDuties.class);
  private static final int REAP_MAX = 1024;

  /** Reading all tables costs a second of one core for some hundred thousand files. */
  private static final long COMPARE_NANOS = Duration.ofHours(1).toNanos();

  private final RatisNode ratis;
  private final Supplier<CompletableFuture<Void>> proof;
  private final LiveTables tables;
  private final Clock clock;
  private final RaftTiming timing;
  private final SessionWatch watch;
  private final QuorumProof majority;
  private final HashVotes hashes = new HashVotes();

  @GuardedBy("this")
  private long term = -1;

  @GuardedBy("this")
  private long lastTickNanos;

  @GuardedBy("this")
  private long comparedNanos;

  @GuardedBy("this")
  private boolean reaping;

  /** The last inode of the page that was looked at last; 0 at the beginning. */
  @GuardedBy("this")
  private long orphansLookedAt;

  /** Sender's clock minus this node's, for those that renewed here. */
  @GuardedBy("this")
  private final Map<NodeId, Long> clocksAheadMillis = new HashMap<>();

  /**
   * @param proof see {@link LeaderFreshness#proveLeading}
   */
  LeaderDuties(
      RatisNode ratis,
      Supplier<CompletableFuture<Void>> proof,
      LiveTables tables,
      Clock clock,
      RaftTiming timing) {
    this.ratis = ratis;
    this.proof = proof;
    this.tables = tables;
    this.clock = clock;
    this.timing = timing;
    this.comparedNanos = clock.nanoTime();
    this.watch = new SessionWatch(timing.session().toNanos());
    this.majority =
        new QuorumProof(
            clock, timing.session().toNanos() / 2, proof, () -> watch.restart(clock.nanoTime()));
  }

  static long millis(Timestamp time) {
    return time.seconds() * 1000 + time.nanos() / 1_000_000;
  }

  /**
   * Takes a node's signs of life; only while this node leads. The answer waits for proof that no
   * other leader was elected earlier than one freshness lease ago: who gets it counts on being
   * alive for almost as long as the leader's timer runs ({@link Renewer#lifeNanos}), and the timers
   * of a leader that was elected before that run out sooner. (A leader that stood still while
   * another was elected would tell its own mounts that their sessions live when they are over.)
   */
  CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    if (!ratis.leads()) {
      return CompletableFuture.failedFuture(new NoLeaderException(ratis.self() + " does not lead"));
    }
    // Whatever it says, the difference is a number.
    long wall = Math.max(0, Math.min(request.getWallMillis(), Long.MAX_VALUE / 2));
    long ahead = wall - millis(clock.now());
    boolean refused = isClockWrong(wall);
    RenewAnswer.Builder answer =
        RenewAnswer.newBuilder().setClockAheadMillis(ahead).setClockRefused(refused);
    // A wrong clock harms nobody's session: a jump of the leader's own would end them all.
    long now = clock.nanoTime();
    syncTerm(now);
    try (LocalSnapshot snapshot = tables.snapshot()) {
      NodeId node = new NodeId(request.getNode());
      boolean isMember = snapshot.cluster().node(node) != null;
      if (isMember) {
        complainAboutClock(node, ahead);
        answer.setTablesDiffer(differs(node, request));
      }
      for (SessionRenewal renewal : request.getSessionsList()) {
        ClusterView.Session session =
            snapshot.cluster().session(new SessionId(renewal.getSession()));
        // A node says of another's session neither that it lives nor what it holds.
        boolean lives =
            isMember
                && session != null
                && session.node().value() == request.getNode()
                && watch.renewed(renewal, now);
        if (!lives) {
          answer.addUnknown(renewal.getSession());
        }
      }
    }
    return proof.get().thenApply(none -> answer.build());
  }

  private boolean differs(NodeId node, RenewRequest request) {
    String hash = request.getTableHash();
    return hash.length() == 2 * TableHash.BYTES
        && hashes.differs(node, request.getHashIndex(), hash, ratis.voters());
  }

  /** Whether a clock that shows this is too far from the leader's for a new session or node. */
  boolean isClockWrong(long wallMillis) {
    long now = millis(clock.now());
    long refuse = timing.clockRefuse().toMillis();
    return wallMillis < now - refuse || wallMillis > now + refuse;
  }

  /** When it goes wrong, not each time it is seen to be wrong. */
  private synchronized void complainAboutClock(NodeId node, long ahead) {
    Long before = clocksAheadMillis.put(node, ahead);
    long was = before == null ? 0 : Math.abs(before);
    long warn = timing.clockWarn().toMillis();
    long refuse = timing.clockRefuse().toMillis();
    if (Math.abs(ahead) > refuse) {
      if (was > refuse) {
        return;
      }
      LOG.error(
          "{}: its clock is {} ms ahead of the leader's, over {} s: no new session is granted to"
              + " it; set the clock",
          node,
          ahead,
          timing.clockRefuse().toSeconds());
    } else if (Math.abs(ahead) > warn && was <= warn) {
      LOG.warn("{}: its clock is {} ms ahead of the leader's; set the clock", node, ahead);
    }
  }

  /** A new term of leading, or a time in which this process stood still: all timers anew. */
  private synchronized void syncTerm(long now) {
    long current = ratis.term();
    boolean stalled = now - lastTickNanos > timing.session().toNanos() / 2;
    if (current != term) {
      watch.begin(now);
      term = current;
    } else if (stalled) {
      watch.restart(now);
    }
    lastTickNanos = now;
  }

  /** Does what is due. Reads tables: not for an I/O thread. */
  void tick() {
    if (!ratis.leads()) {
      return;
    }
    long now = clock.nanoTime();
    syncTerm(now);
    majority.ask();
    List<ClusterView.Session> live;
    LogEntry.Reap free;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      live = snapshot.cluster().sessions();
      free =
          new LogEntry.Reap(
              watch.reapable(nextOrphans(snapshot.cluster()), live), snapshot.index());
    }
    boolean expire = majority.isFresh();
    List<SessionId> overdue = watch.overdue(live, now, expire);
    for (SessionId session : expire ? overdue : List.<SessionId>of()) {
      LOG.info("{}: not renewed for {}: expiring it", session, timing.session());
      propose(new LogEntry.ExpireSession(session));
    }
    if (!free.orphans().isEmpty() && startReaping()) {
      reap(free);
    }
    if (isComparingDue(now)) {
      propose(new LogEntry.HashTables());
    }
  }

  private synchronized boolean isComparingDue(long now) {
    boolean due = now - comparedNanos > COMPARE_NANOS;
    comparedNanos = due ? now : comparedNanos;
    return due;
  }

  /** Goes round, so that many orphans that are held do not hide those behind them. */
  private synchronized List<ClusterView.Orphan> nextOrphans(ClusterView cluster) {
    List<ClusterView.Orphan> next = cluster.orphansAfter(orphansLookedAt, REAP_MAX);
    orphansLookedAt = next.size() < REAP_MAX ? 0 : next.get(next.size() - 1).inode().value();
    return next;
  }

  private synchronized boolean startReaping() {
    if (reaping) {
      return false;
    }
    reaping = true;
    return true;
  }

  private synchronized void reaped() {
    reaping = false;
  }

  private void reap(LogEntry.Reap orphans) {
    ratis
        .propose(LogCodec.encode(orphans))
        .whenComplete(
            (reply, failure) -> {
              if (failure == null && reply.number() > 0) {
                reap(orphans);
              } else {
                reaped();
              }
            });
  }

  private void propose(LogEntry entry) {
    ratis
        .propose(LogCodec.encode(entry))
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                LOG.debug("{} may be lost: {}", entry, failure.toString());
              }
            });
  }
}
