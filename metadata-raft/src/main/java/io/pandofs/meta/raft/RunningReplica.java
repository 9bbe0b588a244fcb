package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.Service;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Changes;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.engine.ClusterView;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.protocol.RaftPeer;
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
final class RunningReplica implements AutoCloseable, ReplicaListener, ApplyListener {
  private static final Logger LOG = LoggerFactory.getLogger(RunningReplica.class);
  private static final String REMOVED = "this node was removed from the cluster";
  private static final long TICK_MILLIS_MAX = 250;
  private static final int HOLDS_A_TIMEOUT = 6;
  private static final long LOOK_MILLIS = 1_000;
  private static final int DIRTY_MAX = 1 << 16;

  /** For Ratis to say why it stops, which it does, if at all, when it has stopped. */
  private static final long REASON_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final ReplicaConfig config;
  private final Clock clock;
  private final Surroundings surroundings;
  private final Identity identity;
  private final DataDirectory data;
  private final ReplicaListener listener;
  private final Threads threads;
  private final LiveTables tables;
  private final Checkpoints checkpoints;
  private final AppliedGate applied = new AppliedGate();
  private final DirtyInodes dirty = new DirtyInodes(DIRTY_MAX);
  private final TableHashes hashes;
  private final LeaderEvents events = new LeaderEvents();
  private final RatisNode ratis;
  private final LeaderRouter leader;
  private final LeaderDuties leaderDuties;
  private final LocalSessions sessions;
  private final Retry retry;
  private final LinearReads reads;
  private final Freshness freshness;
  private final KeptByMounts kept = new KeptByMounts();
  private final ConfirmGate gate;
  private final Releases releases;
  private final LeaderFreshness leaderFreshness;
  private final MemberChanges changes;
  private final Absences absences;
  private final ControlService control;
  private final BlockTables blocks;
  private final PandoStateMachine machine;
  private final CompletableFuture<ReplicaFailure> failed = new CompletableFuture<>();
  private final LogStall stall;
  private final LogDelay delay;
  private final Upkeep upkeep;
  private final StatusReport report;
  private volatile @Nullable String badCheckpoint;

  /** See {@link #leave}. */
  private final AtomicBoolean leaving = new AtomicBoolean();

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
    this.data = data;
    this.listener = listener;
    RaftFiles files = new RaftFiles(RaftGroups.current(data.raft(), identity));
    checkpoints = new Checkpoints(data.meta());
    tables = CheckedTables.open(data, files, checkpoints, identity, surroundings.memory());
    threads = new Threads("pando-" + identity.node());
    hashes = new TableHashes(threads.reading);
    retry = new Retry(clock, surroundings.scheduler(), events);
    machine =
        new PandoStateMachine(
            identity.node(), tables, checkpoints, applied, hashes, events, this, this, faults());
    ratis = openRatis(peers);
    Peers peersHeard = new Peers(ratis);
    HandOver handOver = new HandOver(ratis, peersHeard, threads.elections);
    stall = new LogStall(ratis, clock, handOver);
    delay =
        new LogDelay(ratis, stall::stands, peersHeard::othersHave, handOver::handOverFromSlowDisk);
    upkeep = upkeep(files);
    long leaseNanos = config.timing().freshness().toNanos();
    releases = new Releases(clock, this::after, identity.node(), leaseNanos, ratis::voters);
    leaderFreshness = new LeaderFreshness(ratis, applied, releases, this::after);
    leaderDuties =
        new LeaderDuties(ratis, leaderFreshness::proveLeading, tables, clock, config.timing());
    LocalLeader local = new LocalLeader(leaderFreshness, leaderDuties);
    LeaderLoss loss =
        new LeaderLoss(ratis, this::after, threads.elections, config.timing().electionMin());
    leader =
        new LeaderRouter(
            ratis, local, surroundings.connections(), index -> heardReleased(index), loss::gone);
    freshness =
        new Freshness(
            identity.node(),
            surroundings.random().nextLong(),
            clock,
            this::after,
            leaseNanos,
            leader::confirm,
            ratis::term,
            releases::answeredAt,
            dirty,
            kept::drop);
    gate = new ConfirmGate(freshness, kept);
    reads = new LinearReads(leader, freshness, dirty, applied, retry, clock, failed);
    sessions = openSessions();
    Membership membership = openMembership();
    changes = new MemberChanges(ratis, peersHeard, tables, applied, membership, releases::whenLeft);
    absences = new Absences(ratis, tables, peersHeard::all, config.timing().outAfter().toMillis());
    control = openControl(local, membership);
    report =
        new StatusReport(identity, ratis, applied, checkpoints, stall, sessions, hashes, reads);
    this.blocks = blocks;
    blocks.bind(tables, applied);
    tables.onFault(fault -> fail("the metadata tables can't be used", fault));
  }

  private LocalSessions openSessions() {
    return new LocalSessions(
        identity,
        config.timing(),
        surroundings,
        threads,
        tables,
        applied,
        leader,
        events,
        retry,
        reads,
        freshness,
        kept,
        hashes);
  }

  private RatisNode openRatis(List<RaftPeer> peers) throws IOException {
    try {
      return new RatisNode(
          identity.node(),
          RaftGroups.of(identity),
          new UUID(surroundings.random().nextLong(), surroundings.random().nextLong()),
          machine,
          RaftSettings.of(config, data.raft()),
          config.security(),
          peers);
    } catch (IOException | RuntimeException e) {
      threads.close();
      tables.close();
      throw e;
    }
  }

  private Upkeep upkeep(RaftFiles files) {
    return new Upkeep(
        ratis,
        config.limits(),
        clock,
        machine,
        checkpoints,
        applied,
        tables,
        stall,
        new ReplicaWatch(
            ratis, tables, files, data.mark(), data.damage(), config.controlAdvertised()),
        faults(),
        threads.background,
        threads.reading);
  }

  private PandoStateMachine.Faults faults() {
    return new PandoStateMachine.Faults() {
      @Override
      public void failed(String what, @Nullable Throwable cause) {
        fail(ReplicaFailure.of(what, cause), cause);
      }

      @Override
      public void interrupted(String why) {
        fail(ReplicaFailure.interrupted(why), null);
      }

      @Override
      public void removed() {
        leave();
      }

      @Override
      public void unvoted() {
        serverEnded();
      }

      @Override
      public void ended() {
        if (!ratis.isClosed()) {
          after(REASON_NANOS, RunningReplica.this::failIfStopped);
        }
      }
    };
  }

  private Membership openMembership() {
    return new Membership(
        ratis,
        leaderFreshness::proveLeading,
        tables,
        clock,
        leaderDuties::isClockWrong,
        config,
        new LetIn(config.security()),
        surroundings.connections(),
        threads.duties);
  }

  private ControlService openControl(LocalLeader local, Membership membership) {
    return new ControlService(
        ratis,
        local,
        leaderFreshness,
        freshness::released,
        membership,
        changes,
        leaderDuties,
        sessions.recalls(),
        new SessionNodes(tables),
        identity,
        threads.inOrder,
        threads.renewals);
  }

  /** Starts the Raft server and the periodic work. */
  void start() throws IOException {
    try {
      ratis.start();
    } catch (IOException | RuntimeException e) {
      ReplicaFailure why = ReplicaFailure.of("the Raft server does not start", e);
      throw why.kind() == ReplicaFailure.Kind.DAMAGED
          ? new DamagedException(why.reason(), e)
          : new IOException(why.reason(), e);
    }
    long tick = Math.min(TICK_MILLIS_MAX, config.timing().session().toMillis() / 8);
    threads.every(tick, leaderDuties::tick);
    threads.every(tick, releases::watchVoters);
    threads.every(config.timing().renewEvery().toMillis(), changes::finishRemovals);
    threads.every(config.timing().renewEvery().toMillis(), absences::look);
    threads.every(config.timing().renewEvery().toMillis(), this::renew);
    threads.every(config.timing().renewEvery().toMillis(), sessions::lookForQuorum);
    threads.every(LOOK_MILLIS, upkeep::look);
    threads.every(LogDelay.EVERY.toMillis(), delay::look);
    upkeep.begin();
    freshness.start();
    watchLeader();
  }

  private void after(long nanos, Runnable task) {
    surroundings.scheduler().schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  private void heardReleased(long index) {
    freshness.heard(index);
  }

  private void watchLeader() {
    events
        .next()
        .thenRunAsync(
            () -> {
              watchLeader();
              leaderFreshness.look();
              freshness.leaderChanged();
              sessions.leaderChanged();
              renew();
            },
            threads.duties);
  }

  private void renew() {
    blocks.sample();
    sessions.renew();
  }

  LocalSessions sessions() {
    return sessions;
  }

  /** A view of everything that was acknowledged anywhere before the call. */
  MetadataView openView(Duration patience) throws ErrnoException {
    reads.awaitAcknowledged(patience);
    return reads.released(tables.snapshot().view(), inode -> false, patience);
  }

  MetadataView localView() {
    return tables.snapshot().view();
  }

  LocalSnapshot snapshot() {
    return tables.snapshot();
  }

  /** It is in the tables no more: it serves nobody, and votes until the group has let it go. */
  private void leave() {
    if (leaving.compareAndSet(false, true)) {
      LOG.warn("{}: {}; it votes until the others need it no more", identity.node(), REMOVED);
      sessions.overAll();
      freshness.close();
      Farewell farewell =
          new Farewell(
              ratis, surroundings.connections(), () -> threads.duties.execute(this::letGo));
      threads.every(config.timing().electionMin().toMillis() / HOLDS_A_TIMEOUT, farewell::hold);
      threads.every(LOOK_MILLIS, farewell::ask);
      threads.duties.execute(sessions::giveUpAll);
    }
  }

  /**
   * Fails if the cluster has taken this node out, and not before it has gone if that comes soon.
   */
  void refuseIfLeaving(Duration patience) throws ErrnoException {
    if (leaving.get()) {
      reads.wait(failed, patience);
      throw new ErrnoException(Errno.EIO, REMOVED);
    }
  }

  /** The Raft server has ended: a leader said so, or it stood where it must not. */
  private void serverEnded() {
    if (leaving.get() && ratis.isBeingLeftOut()) {
      fail(ReplicaFailure.interrupted("the change of voters is not decided yet"), null);
    } else {
      letGo();
    }
  }

  /** Ratis stopped without a word: at an entry that does not read back, or after a long pause. */
  private void failIfStopped() {
    if (!ratis.isClosed()) {
      String why = "the Raft server stopped by itself, see the log";
      fail(new ReplicaFailure(ReplicaFailure.Kind.STOPPED, why), null);
    }
  }

  /** The group goes on without this node. */
  private void letGo() {
    if (failed.isDone()) {
      return; // told again
    }
    if (leaving.get()) {
      markRemoved();
    }
    String what = leaving.get() ? REMOVED : "this node is no longer a voter of the cluster";
    fail(new ReplicaFailure(ReplicaFailure.Kind.REMOVED, what), null);
  }

  private void fail(String what, @Nullable Throwable cause) {
    fail(ReplicaFailure.of(what, cause), cause);
  }

  /** Stops serving, on a thread of its own; only the first reason counts. */
  void fail(ReplicaFailure failure, @Nullable Throwable cause) {
    if (failed.complete(failure)) {
      LOG.error("{}: {}: this replica stops serving", identity.node(), failure.reason(), cause);
      freshness.close();
      Thread stopper = new Thread(this::stopServing, "pando-" + identity.node() + "-stop");
      stopper.setDaemon(true);
      stopper.start();
    }
  }

  /** So that a later start says it at once. */
  private void markRemoved() {
    try {
      data.write(identity.removed());
    } catch (IOException e) {
      // The tables of the others say so too: they take no vote and no message of this id.
      LOG.warn("{}: could not write down that it was removed", identity.node(), e);
    }
  }

  private void stopServing() {
    upkeep.stop();
    applied.close();
    sessions.endAll();
    closeRatis();
  }

  private void closeRatis() {
    try {
      ratis.close();
    } catch (IOException e) {
      LOG.warn("{}: the Raft server did not stop cleanly: {}", identity.node(), e.toString());
    }
    // Whoever waits for this leader's answers is told, and gets no lease by a timer later on.
    leaderFreshness.look();
  }

  CompletableFuture<ReplicaFailure> failed() {
    return failed.copy();
  }

  Service control() {
    return control;
  }

  /** Members may have moved: Ratis is to connect to where they are now. */
  private void followAddresses() {
    threads.duties.execute(
        () -> {
          try (LocalSnapshot snapshot = tables.snapshot()) {
            for (ClusterView.Node node : snapshot.cluster().nodes()) {
              ratis.follow(RatisNode.peer(node.id(), node.raft(), node.control()));
            }
          }
        });
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
    return report.now(failed.isDone(), failure());
  }

  private @Nullable String failure() {
    if (failed.isDone()) {
      return failed.join().reason();
    }
    if (leaving.get()) {
      return REMOVED + "; it votes until the others need it no more";
    }
    String different = hashes.trouble();
    return different != null ? different : badCheckpoint;
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
    threads.duties.execute(sessions::endThoseGone);
    listener.onReset();
  }

  @Override
  public void changing(long index, Set<InodeId> inodes) {
    dirty.changed(index, inodes);
  }

  @Override
  public void over(Collection<SessionId> gone) {
    sessions.over(gone);
  }

  @Override
  public void applied(long index, boolean isPublic, Changes changes) {
    leaderFreshness.applied(index, isPublic);
    gate.applied(index, isPublic, changes);
  }

  @Override
  public void members(Set<NodeId> nodes) {
    leaderFreshness.members(nodes);
  }

  @Override
  public void replacing(long checkpoint) {
    freshness.giveUp();
    dirty.everything(checkpoint);
  }

  @Override
  public void replaced(long index) {
    dirty.everything(index);
    hashes.forget();
    sessions.overUnlessKnown();
    gate.replaced(index);
  }

  @Override
  public boolean holds(BlockId block, int length, int crc32c) {
    return listener.holds(block, length, crc32c);
  }

  @Override
  public void onHeld() {
    listener.onHeld();
  }

  @Override
  public void onNeeded() {
    listener.onNeeded();
  }

  @Override
  public void onDropped() {
    listener.onDropped();
  }

  @Override
  public void onReplaced(Set<InodeId> files) {
    listener.onReplaced(files);
  }

  @Override
  public void onPlacement() {
    followAddresses();
    listener.onPlacement();
  }

  @Override
  public void onLockGranted(SessionId session, long ticket) {
    sessions.lockGranted(session, ticket);
  }

  @Override
  public void onSessionEnded(SessionId session) {
    sessions.ended(session);
    listener.onSessionEnded(session);
  }

  /** Stops; sessions of this node are ended in the log if that can be done at once. */
  @Override
  public void close() {
    sessions.close();
    closeNow();
  }

  /** Stops without a word to anybody. */
  void closeNow() {
    upkeep.stop();
    freshness.close();
    sessions.drop();
    closeRatis();
    hashes.close();
    threads.close();
    tables.close();
  }
}
