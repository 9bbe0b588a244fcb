package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.Service;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica whose identity is known, put together from its parts and running. Thread-safe.
 *
 * <p>Order of closing: sessions, Raft server (which closes the state machine after its last entry),
 * threads, and the tables last.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class RunningReplica implements AutoCloseable, ReplicaListener {
  private static final int QUESTION_SECONDS = 5;
  private static final Logger LOG = LoggerFactory.getLogger(RunningReplica.class);
  private static final long TICK_MILLIS_MAX = 250;
  private static final long CLOSE_MILLIS = 1_000;
  private static final long LOOK_MILLIS = 1_000;
  private static final long NUDGE_MILLIS_MIN = 2;
  private static final Duration FOR_EVER = Duration.ofDays(10_000);

  private final ReplicaConfig config;
  private final Clock clock;
  private final Surroundings surroundings;
  private final Identity identity;
  private final ReplicaListener listener;
  private final Threads threads;
  private final LiveTables tables;
  private final Checkpoints checkpoints;
  private final AppliedGate applied = new AppliedGate();
  private final TableHashes hashes;
  private final LeaderEvents events = new LeaderEvents();
  private final RatisNode ratis;
  private final LeaderRouter leader;
  private final LeaderDuties leaderDuties;
  private final Renewer renewer;
  private final Retry retry;
  private final ReadBarrier barrier;
  private final ControlService control;
  private final BlockTables blocks;
  private final PandoStateMachine machine;
  private final Map<SessionId, RaftSession> sessions = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> predecessorsEnded;
  private final CompletableFuture<ReplicaFailure> failed = new CompletableFuture<>();
  private final Upkeep upkeep;
  private volatile @Nullable String badCheckpoint;

  /**
   * Opens the tables and prepares the Raft server; {@link #start} starts it.
   *
   * @param peers the group of a volume that is being made; empty otherwise
   */
  RunningReplica(
      ReplicaConfig config,
      Surroundings surroundings,
      Identity identity,
      DataDirectory data,
      ReplicaListener listener,
      BlockTables blocks,
      List<RaftPeer> peers)
      throws IOException {
    this.config = config;
    this.clock = surroundings.clock();
    this.surroundings = surroundings;
    this.identity = identity;
    this.listener = listener;
    RaftFiles files = new RaftFiles(data.raft(), identity.volumeId());
    checkpoints = new Checkpoints(data.meta());
    tables = CheckedTables.open(data, files, checkpoints, identity, surroundings.memory());
    threads = new Threads("pando-" + identity.node());
    hashes = new TableHashes(threads.background);
    retry = new Retry(clock, surroundings.scheduler(), events);
    machine =
        new PandoStateMachine(
            identity.node(), tables, checkpoints, applied, hashes, events, this, faults());
    tables.onFault(fault -> fail("the metadata tables can't be used", fault));
    ratis = openRatis(data, peers);
    upkeep =
        new Upkeep(
            ratis,
            config.limits(),
            clock,
            machine,
            checkpoints,
            applied,
            tables,
            new ReplicaWatch(
                ratis, tables, files, data.mark(), data.damage(), config.controlAdvertised()),
            faults(),
            threads.background);
    leaderDuties = new LeaderDuties(ratis, tables, clock, config.timing());
    LocalLeader local = new LocalLeader(ratis, leaderDuties, applied);
    leader = new LeaderRouter(ratis, local, surroundings.connections());
    barrier = new ReadBarrier(this::askReadIndex);
    renewer =
        new Renewer(
            identity.node(),
            leader,
            tables,
            applied,
            clock,
            config.timing(),
            sessions::values,
            session -> threads.duties.execute(() -> confirmEnd(session)));
    control =
        new ControlService(
            ratis,
            local,
            new Membership(ratis, tables, clock, config, threads.duties),
            threads.inOrder);
    this.blocks = blocks;
    blocks.bind(tables, applied);
    predecessorsEnded = new CompletableFuture<>();
  }

  private RatisNode openRatis(DataDirectory data, List<RaftPeer> peers) throws IOException {
    try {
      return new RatisNode(
          identity.node(),
          identity.volumeId(),
          new UUID(surroundings.random().nextLong(), surroundings.random().nextLong()),
          machine,
          RaftSettings.of(config, data.raft()),
          peers);
    } catch (IOException | RuntimeException e) {
      threads.close();
      tables.close();
      throw e;
    }
  }

  private PandoStateMachine.Faults faults() {
    return new PandoStateMachine.Faults() {
      @Override
      public void failed(String what, @Nullable Throwable cause) {
        fail(what, cause);
      }

      @Override
      public void removed(String what) {
        fail(new ReplicaFailure(ReplicaFailure.Kind.REMOVED, what), null);
      }
    };
  }

  /** Starts the Raft server and the periodic work. */
  void start() throws IOException {
    try {
      ratis.start();
    } catch (IOException | RuntimeException e) {
      throw new IOException("the Raft server does not start: " + deepest(e), e);
    }
    long tick = Math.min(TICK_MILLIS_MAX, config.timing().session().toMillis() / 8);
    every(tick, leaderDuties::tick);
    every(config.timing().renewEvery().toMillis(), this::renew);
    every(LOOK_MILLIS, upkeep::look);
    upkeep.begin();
    watchLeader();
  }

  private static String deepest(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  private void every(long millis, Runnable task) {
    threads.duties.scheduleWithFixedDelay(
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            // Periodic work must go on; what it needs comes back or the replica fails elsewhere.
            LOG.warn("{}: {}", identity.node(), e.toString());
          }
        },
        millis,
        millis,
        TimeUnit.MILLISECONDS);
  }

  private void watchLeader() {
    events
        .next()
        .thenRunAsync(
            () -> {
              watchLeader();
              sessions.values().forEach(RaftSession::leaderChanged);
              renew();
            },
            threads.duties);
  }

  private void renew() {
    blocks.sample();
    renewer.renew();
  }

  /** What a predecessor of this process left; its mounts are gone with it. */
  void endPredecessors() {
    retry
        .until(FOR_EVER, barrier::readIndex)
        .thenComposeAsync(this::endSessionsUpTo, threads.duties)
        .whenComplete(
            (none, failure) -> {
              if (failure == null) {
                predecessorsEnded.complete(null);
              } else {
                predecessorsEnded.completeExceptionally(Retry.cause(failure));
              }
            });
  }

  private CompletableFuture<Void> endSessionsUpTo(long index) {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    if (!applied.await(index, 0)) {
      // Comes back when more is applied; this thread has other work meanwhile.
      retry
          .pause(Retry.PAUSE_MIN_MILLIS, events.next())
          .thenComposeAsync(none -> endSessionsUpTo(index), threads.duties)
          .whenComplete(
              (none, failure) -> {
                if (failure == null) {
                  ended.complete(null);
                } else {
                  ended.completeExceptionally(failure);
                }
              });
      return ended;
    }
    List<CompletableFuture<?>> all = new ArrayList<>();
    try (LocalSnapshot snapshot = tables.snapshot()) {
      for (ClusterView.Session session : snapshot.cluster().sessions()) {
        if (session.node().equals(identity.node()) && !sessions.containsKey(session.id())) {
          LOG.info("{}: was this node's before it restarted: ending it", session.id());
          all.add(proposeSurely(new LogEntry.ExpireSession(session.id()), FOR_EVER));
        }
      }
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
  }

  /** Proposes until there is an answer; only for entries that may be repeated. */
  CompletableFuture<LogReply> proposeSurely(LogEntry entry, Duration patience) {
    byte[] bytes = LogCodec.encode(entry);
    return retry.until(patience, () -> leader.propose(bytes));
  }

  RaftSession openSession(Duration patience) throws ErrnoException {
    long deadline = clock.nanoTime() + patience.toNanos();
    wait(predecessorsEnded, patience);
    LogEntry entry = new LogEntry.RegisterSession(identity.node(), clock.now());
    LogReply reply =
        wait(proposeSurely(entry, patience), Duration.ofNanos(deadline - clock.nanoTime()));
    if (reply.status() != LogReply.Status.OK) {
      throw new ErrnoException(Errno.EIO, "no session was granted: " + reply.status());
    }
    SessionId id = new SessionId(reply.number());
    BatchSender sender =
        new BatchSender(
            id,
            leader,
            events,
            retry,
            clock,
            surroundings.scheduler(),
            threads.answers,
            patience.toNanos(),
            () -> endSession(id));
    RaftSession session =
        new RaftSession(id, sender, this::openView, clock, patience, this::closed);
    sessions.put(id, session);
    threads.duties.execute(renewer::renew);
    return session;
  }

  private CompletableFuture<LogReply> closed(RaftSession session) {
    sessions.remove(session.id());
    return proposeSurely(new LogEntry.ExpireSession(session.id()), config.timing().session());
  }

  private void endSession(SessionId id) {
    RaftSession session = sessions.remove(id);
    if (session != null) {
      LOG.warn("{}: is over; its mount registers anew", id);
      session.end();
    }
  }

  /** The leader said that it does not know a session: believed when our own tables say so too. */
  private void confirmEnd(SessionId id) {
    retry
        .until(config.timing().session(), barrier::readIndex)
        .thenAcceptAsync(
            index -> {
              if (applied.await(index, config.timing().renewEvery().toNanos())) {
                endIfGone(id);
              }
            },
            threads.background);
  }

  private void endIfGone(SessionId id) {
    boolean gone;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      gone = snapshot.cluster().session(id) == null;
    }
    if (gone) {
      endSession(id);
    }
  }

  /**
   * As below, for a session that still lives in what the view shows: what it held may be gone
   * otherwise. (That it has ended is told to it a moment after it can be seen.)
   */
  private MetadataView openView(SessionId session, Duration patience) throws ErrnoException {
    awaitCurrent(patience);
    LocalSnapshot snapshot = tables.snapshot();
    if (snapshot.cluster().session(session) == null) {
      snapshot.close();
      throw new ErrnoException(Errno.EIO, session + " is over");
    }
    return snapshot.view();
  }

  /** A view of everything that was acknowledged anywhere before the call. */
  MetadataView openView(Duration patience) throws ErrnoException {
    awaitCurrent(patience);
    return localView();
  }

  /** Waits until everything that was acknowledged anywhere before the call is applied here. */
  private void awaitCurrent(Duration patience) throws ErrnoException {
    long deadline = clock.nanoTime() + patience.toNanos();
    CompletableFuture<Long> asked = barrier.readIndex();
    long index =
        asked.isDone() && !asked.isCompletedExceptionally()
            ? asked.join()
            : wait(again(asked, patience), patience);
    catchUp(index, deadline);
  }

  /**
   * Waits until the index is applied here. Each question for the read index also makes the leader
   * tell this node how far the log is committed, but not while it waits for this node's answer to
   * an entry: so asking is repeated, or the next heartbeat would have to be waited for.
   */
  private void catchUp(long index, long deadline) throws ErrnoException {
    long pauseNanos = TimeUnit.MILLISECONDS.toNanos(NUDGE_MILLIS_MIN);
    while (!applied.await(index, Math.min(pauseNanos, deadline - clock.nanoTime()))) {
      if (failed.isDone() || applied.isClosed() || clock.nanoTime() - deadline >= 0) {
        throw new ErrnoException(Errno.EIO, "this node is behind the leader");
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new ErrnoException(Errno.EINTR);
      }
      barrier.readIndex();
      pauseNanos = Math.min(2 * pauseNanos, TimeUnit.MILLISECONDS.toNanos(Retry.PAUSE_MAX_MILLIS));
    }
  }

  /** Never waits for ever: all who come later wait behind this question. */
  private CompletableFuture<Long> askReadIndex() {
    CompletableFuture<Long> answer = leader.readIndex();
    return answer.isDone() ? answer : answer.orTimeout(QUESTION_SECONDS, TimeUnit.SECONDS);
  }

  private CompletableFuture<Long> again(CompletableFuture<Long> first, Duration patience) {
    AtomicReference<@Nullable CompletableFuture<Long>> once = new AtomicReference<>(first);
    return retry.until(
        patience,
        () -> {
          CompletableFuture<Long> asked = once.getAndSet(null);
          return asked != null ? asked : barrier.readIndex();
        });
  }

  MetadataView localView() {
    return tables.snapshot().view();
  }

  LocalSnapshot snapshot() {
    return tables.snapshot();
  }

  private <T> T wait(CompletableFuture<T> future, Duration patience) throws ErrnoException {
    if (failed.isDone()) {
      throw new ErrnoException(Errno.EIO, failed.join().reason());
    }
    try {
      return future.get(Math.max(1, patience.toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new ErrnoException(Errno.EIO, "no leader in time");
    } catch (ExecutionException e) {
      throw new ErrnoException(Errno.EIO, String.valueOf(Retry.cause(e).getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ErrnoException(Errno.EINTR);
    }
  }

  private void fail(String what, @Nullable Throwable cause) {
    fail(ReplicaFailure.of(what, cause), cause);
  }

  private void fail(ReplicaFailure failure, @Nullable Throwable cause) {
    if (failed.complete(failure)) {
      LOG.error("{}: {}: this replica stops serving", identity.node(), failure.reason(), cause);
      Thread stopper = new Thread(this::stopServing, "pando-" + identity.node() + "-stop");
      stopper.setDaemon(true);
      stopper.start();
    }
  }

  private void stopServing() {
    upkeep.stop();
    applied.close();
    sessions.keySet().forEach(this::endSession);
    closeRatis();
  }

  private void closeRatis() {
    try {
      ratis.close();
    } catch (IOException e) {
      LOG.warn("{}: the Raft server did not stop cleanly: {}", identity.node(), e.toString());
    }
  }

  CompletableFuture<ReplicaFailure> failed() {
    return failed.copy();
  }

  Service control() {
    return control;
  }

  BlockTables blocks() {
    return blocks;
  }

  RatisNode ratis() {
    return ratis;
  }

  Retry retry() {
    return retry;
  }

  Identity identity() {
    return identity;
  }

  ReplicaStatus status() {
    String role = "STARTING";
    long committed = -1;
    List<NodeId> voters = new ArrayList<>();
    try {
      RaftServer.Division division = ratis.division();
      role = division.getInfo().getCurrentRole().name();
      committed = division.getRaftLog().getLastCommittedIndex();
      division
          .getRaftConf()
          .getCurrentPeers()
          .forEach(peer -> voters.add(RatisNode.nodeId(peer.getId())));
    } catch (IOException | IllegalStateException e) {
      LOG.debug("{}: no Raft server to ask: {}", identity.node(), e.toString());
    }
    if (failed.isDone()) {
      // What a closed Raft server last knew is not so any more.
      role = "FENCED";
    }
    RaftPeer leads = failed.isDone() ? null : ratis.leader();
    SnapshotInfo checkpoint = checkpoints.getLatestSnapshot();
    return new ReplicaStatus(
        identity.node(),
        identity.volumeId(),
        role,
        leads == null ? null : RatisNode.nodeId(leads.getId()),
        ratis.term(),
        voters,
        applied.get(),
        committed,
        checkpoint == null ? -1 : checkpoint.getIndex(),
        sessions.size(),
        renewer.isCurrent(),
        renewer.clockAheadMillis(),
        ratis.leads() ? leaderDuties.clocksAheadMillis() : Map.of(),
        hashes.all(),
        failure());
  }

  private @Nullable String failure() {
    return failed.isDone() ? failed.join().reason() : badCheckpoint;
  }

  @Override
  public void onBadCheckpoint(String why) {
    badCheckpoint = "a checkpoint came damaged and was not used: " + why;
    LOG.error("{}: {}", identity.node(), badCheckpoint);
    listener.onBadCheckpoint(why);
  }

  @Override
  public void onReset() {
    badCheckpoint = null;
    blocks.sample();
    threads.duties.execute(() -> sessions.keySet().forEach(this::endIfGone));
    listener.onReset();
  }

  @Override
  public void onBlocks() {
    listener.onBlocks();
  }

  @Override
  public void onPlacement() {
    listener.onPlacement();
  }

  @Override
  public void onSessionEnded(SessionId session) {
    if (sessions.containsKey(session)) {
      threads.answers.execute(() -> endSession(session));
    }
    listener.onSessionEnded(session);
  }

  /** Stops; sessions of this node are ended in the log if that can be done at once. */
  @Override
  public void close() {
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
    closeNow();
  }

  /** Stops without a word to anybody. */
  void closeNow() {
    upkeep.stop();
    sessions.values().forEach(RaftSession::end);
    sessions.clear();
    closeRatis();
    threads.close();
    tables.close();
  }
}
