package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.Standing;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.LogEngine;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.rocksdb.AppliedIndex;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the log to the tables.
 *
 * <p>Invariants. An entry's changes, its reply, this node's block sets and its index go into one
 * write batch. Entries at or below the index in the tables are not applied again (Ratis replays
 * from the last checkpoint). An expected failure is part of the reply; an exception means that this
 * node can't go on: Ratis stops the server then, and the node says why. A checkpoint's index is
 * told to Ratis, which then purges the log, only when the checkpoint is on stable storage.
 *
 * <p>Ratis calls {@code apply}, {@code takeSnapshot}, {@code notifyTermIndexUpdated} and {@code
 * reinitialize} on one thread, the rest on any; {@code pause} beside that one.
 */
final class PandoStateMachine extends BaseStateMachine {
  private static final Logger LOG = LoggerFactory.getLogger(PandoStateMachine.class);

  private static final String UNNAMED = "an arrived checkpoint did not get its name, see the log";

  private final NodeId self;
  private final LiveTables tables;
  private final Checkpoints checkpoints;
  private final AppliedGate applied;
  private final TableHashes hashes;
  private final LeaderEvents events;
  private final ReplicaListener listener;
  private final ApplyListener watcher;
  private final Faults faults;
  private final LogEngine engine = new LogEngine();
  private final AtomicLong bytesApplied = new AtomicLong();
  private Placement placement = Placement.EMPTY;

  /** Held while this node makes a checkpoint of its own. */
  private final Object making = new Object();

  /** Told, from any thread, that this replica cannot go on. */
  interface Faults {
    /** Judges by the cause what kind of failure it is. */
    void failed(String what, @Nullable Throwable cause);

    /** Nothing is wrong with what is on the disk, as far as is known; a fresh start may help. */
    void interrupted(String why);

    /** The cluster took this node out: it is not in the tables any more. May be told again. */
    void removed();

    /** The cluster's group goes on without this node. */
    void unvoted();

    /** The Raft server ends: it was told to, or does so by itself for whatever reason. */
    void ended();
  }

  PandoStateMachine(
      NodeId self,
      LiveTables tables,
      Checkpoints checkpoints,
      AppliedGate applied,
      TableHashes hashes,
      LeaderEvents events,
      ReplicaListener listener,
      ApplyListener watcher,
      Faults faults) {
    this.self = self;
    this.tables = tables;
    this.checkpoints = checkpoints;
    this.applied = applied;
    this.hashes = hashes;
    this.events = events;
    this.listener = listener;
    this.watcher = watcher;
    this.faults = faults;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage storage)
      throws IOException {
    super.initialize(server, groupId, storage);
    checkpoints.init(storage);
    checkpoints.dropArrivals();
    getLifeCycle().transition(LifeCycle.State.STARTING);
    SnapshotInfo checkpoint = checkpoints.getLatestSnapshot();
    if (checkpoint != null && checkpoint.getIndex() > tables.applied().index()) {
      LOG.info("{}: tables end before checkpoint {}: using that", self, checkpoint.getTermIndex());
      watcher.replacing(checkpoint.getIndex());
      tables.install(checkpoints.directory(checkpoint.getTermIndex()));
    }
    TermIndex at = adopt();
    Path log = storage.getStorageDir().getCurrentDir().toPath();
    if (LogFiles.firstIndex(log) > checkpointIndex() + 1) {
      coverGap(LogFiles.firstIndex(log), at);
    }
    getLifeCycle().transition(LifeCycle.State.RUNNING);
  }

  /** The log begins after the last checkpoint: the tables must reach into it (PROTOCOL rule 17). */
  private void coverGap(long first, TermIndex at) throws IOException {
    if (at.getIndex() + 1 < first) {
      throw new DamagedException(
          "the log of " + self + " begins at " + first + " but its tables end at " + at.getIndex());
    }
    checkpoint();
  }

  private long checkpointIndex() {
    SnapshotInfo latest = checkpoints.getLatestSnapshot();
    return latest == null ? -1 : latest.getIndex();
  }

  /** Takes over what the tables say is applied. */
  private TermIndex adopt() {
    AppliedIndex index = tables.applied();
    TermIndex at = TermIndex.valueOf(index.term(), index.index());
    setLastAppliedTermIndex(at);
    readPlacement();
    applied.advance(at.getIndex());
    watcher.replaced(at.getIndex());
    return at;
  }

  private void readPlacement() {
    Set<NodeId> nodes;
    boolean removed;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      placement = snapshot.cluster().placement();
      nodes =
          snapshot.cluster().nodes().stream().map(ClusterView.Node::id).collect(Collectors.toSet());
      removed = snapshot.cluster().hasLeft(self);
    }
    watcher.members(nodes);
    if (removed) {
      faults.removed();
    }
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext context) {
    LogEntryProto entry = context.getLogEntry();
    TermIndex at = TermIndex.valueOf(entry);
    try {
      var data = entry.getStateMachineLogEntry().getLogData();
      LogReply reply =
          at.getIndex() <= applied.get()
              ? LogReply.refused(LogReply.Status.FORGOTTEN)
              : apply(at, decode(at, data.asReadOnlyByteBuffer()));
      bytesApplied.addAndGet(data.size());
      // Only who proposed it here waits for the reply.
      return CompletableFuture.completedFuture(
          context.getClientRequest() == null
              ? Message.EMPTY
              : Message.valueOf(UnsafeByteOperations.unsafeWrap(LogCodec.encode(reply))));
    } catch (RuntimeException | Error e) {
      faults.failed("entry " + at + " could not be applied", e);
      throw e;
    }
  }

  private static @Nullable LogEntry decode(TermIndex at, java.nio.ByteBuffer bytes) {
    try {
      return LogCodec.decodeEntry(bytes);
    } catch (MalformedException e) {
      // All nodes have the same bytes and refuse them alike.
      LOG.error("Entry {} makes no sense and is skipped: {}", at, e.getMessage());
      return null;
    }
  }

  private LogReply apply(TermIndex at, @Nullable LogEntry entry) {
    AppliedIndex index = new AppliedIndex(at.getTerm(), at.getIndex());
    LogReply reply = LogReply.refused(LogReply.Status.REFUSED);
    LocalSets effects;
    RocksTransaction transaction = tables.with(live -> live.begin());
    try (transaction) {
      effects = new LocalSets(self, placement, transaction, at.getIndex(), listener);
      if (entry != null) {
        reply = engine.apply(entry, at.getIndex(), transaction, effects);
      }
      watcher.changing(at.getIndex(), effects.changedInodes());
      transaction.commit(index);
    }
    effects.tellHeld();
    updateLastAppliedTermIndex(at);
    if (effects.changedPlacement()) {
      readPlacement();
    }
    if (effects.wantsHash()) {
      hashes.add(tables.snapshot());
    }
    watcher.over(effects.endedSessions());
    applied.advance(at.getIndex());
    boolean isPublic = !isCovered(entry) || !effects.endedSessions().isEmpty();
    watcher.applied(at.getIndex(), isPublic, effects.changes());
    effects.tell();
    return reply;
  }

  /**
   * Whether an entry changes only what leases of its session cover: its session has answered all of
   * it ahead. Of operations of these kinds the engine lets pass only those that may be.
   */
  private static boolean isCovered(@Nullable LogEntry entry) {
    return entry instanceof LogEntry.Batch batch
        && batch.requests().stream()
            .allMatch(
                request ->
                    request.standing() instanceof Standing.Ahead
                        && Ahead.isEver(request.operation()));
  }

  @Override
  public void notifyTermIndexUpdated(long term, long index) {
    if (index <= applied.get()) {
      return;
    }
    TermIndex at = TermIndex.valueOf(term, index);
    try {
      apply(at, null);
    } catch (RuntimeException | Error e) {
      faults.failed("entry " + at + " could not be applied", e);
      throw e;
    }
  }

  /**
   * An error leaves in doubt what of the tables is on the disk, and a second try could succeed
   * without putting it there: so the replica fails.
   */
  @Override
  public long takeSnapshot() throws IOException {
    synchronized (making) {
      // An install replaces the directory of checkpoints, and the tables with it.
      return getLifeCycleState() == LifeCycle.State.RUNNING
          ? checkpointOrFail()
          : checkpointIndex();
    }
  }

  private long checkpointOrFail() throws IOException {
    try {
      return checkpoint();
    } catch (IOException | RuntimeException | Error e) {
      faults.failed("no checkpoint can be made", e);
      throw e;
    }
  }

  private long checkpoint() throws IOException {
    TermIndex at = getLastAppliedTermIndex();
    if (at.getIndex() < 0 || at.getIndex() == checkpointIndex()) {
      return checkpointIndex();
    }
    Path work = checkpoints.workDirectory(at);
    try {
      tables.checkpoint(work);
    } catch (RuntimeException e) {
      throw new IOException("no checkpoint at " + at, e);
    }
    checkpoints.publish(work, at);
    return at.getIndex();
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return checkpoints;
  }

  @Override
  public @Nullable SnapshotInfo getLatestSnapshot() {
    return checkpoints.getLatestSnapshot();
  }

  /**
   * A checkpoint has arrived whole and is about to get its name, and the log about to be cut. One
   * that is damaged stops here: this node keeps its tables and its log, and is sent another. A
   * checkpoint of this node's own that is being made is finished first, and no other is begun.
   *
   * <p>If one that was taken here before did not get its name, as its disk gave an error then, no
   * checkpoint could be installed or made any more. A fresh start meets that error or is rid of it.
   */
  @Override
  public void pause() {
    if (getLifeCycleState() == LifeCycle.State.PAUSED) {
      faults.interrupted(UNNAMED);
      throw new IllegalStateException(UNNAMED);
    }
    try {
      tables.verifyCheckpoint(checkpoints.arrived());
      checkpoints.syncArrivals();
    } catch (IOException e) {
      listener.onBadCheckpoint(String.valueOf(e.getMessage()));
      throw new UncheckedIOException("an arrived checkpoint can't be used", e);
    }
    synchronized (making) {
      getLifeCycle().transition(LifeCycle.State.PAUSING);
      getLifeCycle().transition(LifeCycle.State.PAUSED);
    }
  }

  /** Goes on with the checkpoint that has arrived. */
  @Override
  public void reinitialize() throws IOException {
    try {
      goOnFromArrived();
    } catch (IOException | RuntimeException | Error e) {
      faults.failed("an installed checkpoint can't be used", e);
      throw e;
    }
  }

  private void goOnFromArrived() throws IOException {
    checkpoints.prepare();
    SnapshotInfo arrived = checkpoints.getLatestSnapshot();
    if (arrived == null) {
      throw new IOException("no checkpoint is there after an install");
    }
    getLifeCycle().transition(LifeCycle.State.STARTING);
    watcher.replacing(arrived.getIndex());
    tables.install(checkpoints.directory(arrived.getTermIndex()));
    TermIndex at = adopt();
    LOG.info("{}: goes on from installed checkpoint {}", self, at);
    getLifeCycle().transition(LifeCycle.State.RUNNING);
    listener.onReset();
  }

  @Override
  public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
    events.changed();
  }

  @Override
  public void notifyLeaderReady() {
    events.changed();
  }

  @Override
  public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto failed) {
    faults.failed("the log can't be written", cause);
  }

  /** Ratis stopped the server by itself: the others say that it is not one of them. */
  @Override
  public void notifyServerShutdown(RoleInfoProto role, boolean allServers) {
    if (!allServers) {
      faults.unvoted();
    }
  }

  /** Bytes of entries applied since the start. */
  long bytesApplied() {
    return bytesApplied.get();
  }

  /** Ratis ends here whoever closes it, also where it says nothing of its own error. */
  @Override
  public void close() {
    applied.close();
    faults.ended();
  }
}
