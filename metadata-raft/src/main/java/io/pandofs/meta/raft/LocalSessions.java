package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of this node's mounts: registers them in the log, keeps them renewed, gives their
 * views, and ends them; and ends those that an earlier process of this node has left. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class LocalSessions {
  private static final Logger LOG = LoggerFactory.getLogger(LocalSessions.class);
  private static final long CLOSE_MILLIS = 1_000;
  private static final Duration FOR_EVER = Duration.ofDays(10_000);
  private static final String STOPPED = "this node has stopped serving";
  private static final long MOMENT_NANOS = 1_000_000_000;

  private final Identity identity;
  private final RaftTiming timing;
  private final Surroundings surroundings;
  private final Clock clock;
  private final Threads threads;
  private final LiveTables tables;
  private final AppliedGate applied;
  private final LeaderCalls leader;
  private final LeaderEvents events;
  private final Retry retry;
  private final LinearReads reads;
  private final Freshness freshness;
  private final KeptByMounts kept;
  private final QuorumWatch quorum;
  private final Renewer renewer;
  private final Recalls recalls;
  private final Map<SessionId, RaftSession> sessions = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> predecessorsEnded = new CompletableFuture<>();

  /**
   * @param hashes of this node's tables, told to the leader; they are told how it compared them
   */
  LocalSessions(
      Identity identity,
      RaftTiming timing,
      Surroundings surroundings,
      Threads threads,
      LiveTables tables,
      AppliedGate applied,
      LeaderCalls leader,
      LeaderEvents events,
      Retry retry,
      LinearReads reads,
      Freshness freshness,
      KeptByMounts kept,
      TableHashes hashes) {
    this.identity = identity;
    this.timing = timing;
    this.surroundings = surroundings;
    this.clock = surroundings.clock();
    this.threads = threads;
    this.tables = tables;
    this.applied = applied;
    this.leader = leader;
    this.events = events;
    this.retry = retry;
    this.reads = reads;
    this.freshness = freshness;
    this.kept = kept;
    quorum = new QuorumWatch(clock);
    renewer =
        new Renewer(
            identity.node(),
            leader,
            tables,
            applied,
            clock,
            timing,
            sessions::values,
            session -> threads.duties.execute(() -> confirmEnd(session)),
            quorum,
            hashes);
    recalls = new Recalls(identity.node(), tables, surroundings.connections(), retry, sessions);
  }

  Recalls recalls() {
    return recalls;
  }

  int size() {
    return sessions.size();
  }

  /** Tells the leader that all of them live. Reads tables. */
  void renew() {
    renewer.renew();
  }

  /** Whether a leader has answered lately enough for them to be alive. */
  boolean isCurrent() {
    return renewer.isCurrent();
  }

  long clockAheadMillis() {
    return renewer.clockAheadMillis();
  }

  /** To be called at the pace of renewals. */
  void lookForQuorum() {
    quorum.look();
  }

  /** How long no leader has answered; zero while the majority is not known to be gone. */
  Duration quorumLostFor() {
    return quorum.lostFor();
  }

  void leaderChanged() {
    sessions.values().forEach(RaftSession::leaderChanged);
  }

  /** Ends what a predecessor of this process left; its mounts are gone with it. */
  void endPredecessors() {
    Predecessors before =
        new Predecessors(
            identity.node(),
            tables,
            applied,
            events,
            retry,
            threads.duties,
            sessions::containsKey,
            session ->
                whileServing(
                    () -> leader.propose(LogCodec.encode(new LogEntry.ExpireSession(session)))));
    whileServing(reads::readIndex)
        .thenComposeAsync(before::endUpTo, threads.duties)
        .whenComplete(
            (none, failure) -> {
              if (failure == null) {
                predecessorsEnded.complete(null);
              } else {
                predecessorsEnded.completeExceptionally(Retry.cause(failure));
              }
            });
  }

  /** Tries until it is done, or this node stops serving. */
  private <T> CompletableFuture<T> whileServing(Supplier<CompletableFuture<T>> attempt) {
    return retry.until(
        FOR_EVER,
        () ->
            predecessorsEnded.isDone()
                ? CompletableFuture.failedFuture(new RefusedException(STOPPED))
                : attempt.get());
  }

  /** Proposes until there is an answer; only for entries that may be repeated. */
  CompletableFuture<LogReply> proposeSurely(LogEntry entry, Duration patience) {
    byte[] bytes = LogCodec.encode(entry);
    return retry.until(patience, () -> leader.propose(bytes));
  }

  /**
   * Registers a session.
   *
   * @param patience for that
   */
  RaftSession open(QuorumLoss policy, Duration patience) throws ErrnoException {
    long deadline = clock.nanoTime() + patience.toNanos();
    reads.wait(predecessorsEnded, patience);
    LogReply reply =
        reads.wait(
            retry.until(patience, this::register), Duration.ofNanos(deadline - clock.nanoTime()));
    if (reply.status() != LogReply.Status.OK) {
      throw new ErrnoException(Errno.EIO, "no session was granted: " + reply.status());
    }
    SessionId id = new SessionId(reply.number());
    BatchSender sender =
        new BatchSender(
            id,
            leader::propose,
            events,
            retry,
            clock,
            surroundings.scheduler(),
            threads.answers,
            policy.patience().toNanos(),
            () -> end(id));
    RaftSession session =
        new RaftSession(
            id,
            sender,
            tables::snapshot,
            retry,
            threads.answers,
            this::view,
            this::oldView,
            quorum,
            policy,
            recalls,
            kept,
            freshness::keepNanos,
            new LifeSign(clock, Renewer.lifeNanos(timing)),
            clock,
            this::closed);
    sessions.put(id, session);
    freshness.wanted(true);
    threads.duties.execute(renewer::renew);
    return session;
  }

  /** With the time of this try: the leader compares the clocks. */
  private CompletableFuture<LogReply> register() {
    return leader.propose(
        LogCodec.encode(new LogEntry.RegisterSession(identity.node(), clock.now())));
  }

  private CompletableFuture<LogReply> closed(RaftSession session) {
    sessions.remove(session.id());
    freshness.wanted(!sessions.isEmpty());
    return proposeSurely(new LogEntry.ExpireSession(session.id()), timing.session());
  }

  private void end(SessionId id) {
    RaftSession session = sessions.remove(id);
    if (session != null) {
      freshness.wanted(!sessions.isEmpty());
      LOG.warn("{}: is over; its mount registers anew", id);
      session.end();
    }
  }

  /**
   * The tables are about to show that these are over, of this node or others: nothing is answered
   * for them from now on. Called by the applying thread before it confirms the entry; that they end
   * in all respects follows.
   */
  void over(Collection<SessionId> gone) {
    for (SessionId id : gone) {
      RaftSession session = sessions.get(id);
      if (session != null) {
        session.sign().over();
      }
    }
  }

  /** As {@link #over}, for those that other tables, which took the place of ours, do not have. */
  void overUnlessKnown() {
    if (sessions.isEmpty()) {
      return;
    }
    try (LocalSnapshot snapshot = tables.snapshot()) {
      over(
          sessions.keySet().stream().filter(id -> snapshot.cluster().session(id) == null).toList());
    }
  }

  /** The log has granted a lock that a session, of this node or another, waited for. */
  void lockGranted(SessionId id, long ticket) {
    RaftSession session = sessions.get(id);
    if (session != null) {
      threads.answers.execute(() -> session.waiter().granted(ticket));
    }
  }

  /** The log has ended a session, of this node or another. */
  void ended(SessionId id) {
    if (sessions.containsKey(id)) {
      threads.answers.execute(() -> end(id));
    }
  }

  /** The leader said that it does not know a session: believed when our own tables say so too. */
  private void confirmEnd(SessionId id) {
    retry
        .until(timing.session(), reads::readIndex)
        .thenAcceptAsync(
            index -> {
              try {
                if (applied.await(index, timing.renewEvery().toNanos())) {
                  endIfGone(id);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // The node stops, and its sessions with it.
              }
            },
            threads.background);
  }

  /** The tables are others now: sessions that are not in them are over. */
  void endThoseGone() {
    sessions.keySet().forEach(this::endIfGone);
    sessions
        .values()
        .forEach(session -> threads.answers.execute(() -> session.waiter().mayBeGranted()));
  }

  private void endIfGone(SessionId id) {
    boolean gone;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      gone = snapshot.cluster().session(id) == null;
    }
    if (gone) {
      end(id);
    }
  }

  /**
   * A view of everything that was acknowledged anywhere before the call, but for what others have
   * leases of, which is refused; for a session that still lives in what the view shows: what it
   * held may be gone otherwise. (That it has ended is told to it a moment after it can be seen.)
   */
  private MetadataView view(Ahead session, Duration patience) throws ErrnoException {
    long deadline = clock.nanoTime() + patience.toNanos();
    awaitRenewed(patience);
    reads.awaitCurrent(until(deadline));
    return session.look(
        tables::snapshot,
        (snapshot, seen, returning) -> {
          requireLiving(session.session(), snapshot);
          TableView view =
              TableView.of(session.session(), returning, seen, snapshot.index(), snapshot::close);
          return reads.released(view, inode -> isOwn(session, view, inode), until(deadline));
        });
  }

  /** What a lease covers is shown to its session before others have confirmed it. */
  private static boolean isOwn(Ahead session, TableView view, InodeId inode) {
    InodeId leased = view.leased(inode);
    return leased != null && session.isOwn(inode, leased);
  }

  /** Who has waited for long is not refused for what a moment more brings. */
  private Duration until(long deadline) {
    return Duration.ofNanos(Math.max(MOMENT_NANOS, deadline - clock.nanoTime()));
  }

  /** What this node has, an old prefix of what is committed, and what the session has answered. */
  private MetadataView oldView(Ahead session) throws ErrnoException {
    return session.look(
        tables::snapshot,
        (snapshot, seen, returning) -> {
          requireLiving(session.session(), snapshot);
          return TableView.asItIs(seen, snapshot.index(), snapshot::close);
        });
  }

  private static void requireLiving(SessionId session, LocalSnapshot snapshot)
      throws ErrnoException {
    if (snapshot.cluster().session(session) == null) {
      throw new ErrnoException(Errno.EIO, session + " is over");
    }
  }

  /** A node whose sessions may be over answers none of them (PROTOCOL rule 7). */
  private void awaitRenewed(Duration patience) throws ErrnoException {
    long deadline = clock.nanoTime() + patience.toNanos();
    while (!renewer.isCurrent()) {
      CompletableFuture<Void> next = renewer.next();
      if (!renewer.isCurrent()) {
        threads.duties.execute(renewer::renew);
        reads.waitForCaller(next, Duration.ofNanos(deadline - clock.nanoTime()));
      }
    }
  }

  /** This node is a member no more: nothing is answered for its sessions from now on. */
  void overAll() {
    sessions.values().forEach(session -> session.sign().over());
  }

  /** Ends them, in the log too; where that cannot be done they end by themselves. */
  void giveUpAll() {
    for (RaftSession session : List.copyOf(sessions.values())) {
      closed(session);
      session.end();
    }
  }

  /** This node stops serving: no session of it goes on, and none is waited for. */
  void endAll() {
    predecessorsEnded.completeExceptionally(new IOException(STOPPED));
    sessions.keySet().forEach(this::end);
  }

  /** Ends them, in the log too if that can be done at once. */
  void close() {
    List<CompletableFuture<?>> ending = new ArrayList<>();
    for (RaftSession session : List.copyOf(sessions.values())) {
      ending.add(closed(session));
      session.end();
    }
    try {
      CompletableFuture.allOf(ending.toArray(CompletableFuture[]::new))
          .get(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // Without a leader they end by themselves, or when this node is back.
      LOG.debug("{}: sessions were not ended in time", identity.node());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends them without a word to anybody. */
  void drop() {
    predecessorsEnded.completeExceptionally(new IOException(STOPPED));
    sessions.values().forEach(RaftSession::end);
    sessions.clear();
  }
}
