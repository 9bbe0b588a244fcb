package io.pandofs.meta.testing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.Changes;
import io.pandofs.meta.CompactableFiles;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.InlineBlocks;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.VolumeStats;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.CompactionStep;
import io.pandofs.meta.engine.InlineScan;
import io.pandofs.meta.engine.LocalEffects;
import io.pandofs.meta.engine.LogEngine;
import io.pandofs.meta.engine.MemoryStore;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.TableCheck;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.ForkJoinPool;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A volume in this process: the engine over tables in memory, one node, any number of sessions.
 * Thread-safe. Orphans that no session holds are reaped at once when they are released, or by
 * {@link #reap}.
 */
public final class LocalTree {
  private static final Timestamp BORN = new Timestamp(1_700_000_000, 0);

  private final LogEngine engine = new LogEngine();
  private final TreeEffects effects;
  private final Set<ChangeWatcher> watchers = new CopyOnWriteArraySet<>();
  private final NodeId node;

  @GuardedBy("this")
  private final MemoryStore store = new MemoryStore();

  @GuardedBy("this")
  private final Map<SessionId, LocalMetadataSession> sessions = new HashMap<>();

  /** How many times each inode is held, over all sessions. */
  @GuardedBy("this")
  private final Map<InodeId, Integer> held = new HashMap<>();

  @GuardedBy("this")
  private long index;

  @GuardedBy("this")
  private int recalls;

  @GuardedBy("this")
  private long reaps;

  private volatile boolean takesInline;
  private volatile long keepNanos;

  public LocalTree() {
    this(LocalEffects.NONE);
  }

  /** A volume that tells these effects, on the calling thread, with the tree locked. */
  public LocalTree(LocalEffects effects) {
    this.effects = new TreeEffects(effects, this::lockGranted);
    expectOk(apply(new LogEntry.Format(4711, Caller.ROOT, BORN)));
    LogEntry.RegisterNode register =
        new LogEntry.RegisterNode(0, "n1", "localhost:1", "localhost:2", "localhost:3");
    this.node = new NodeId(expectOk(apply(register)).number());
  }

  /** The one node, which holds all blocks. */
  public NodeId node() {
    return node;
  }

  /** The epoch of the placement map, for commits of blocks. */
  public synchronized long placementEpoch() {
    return new ClusterView(store).placement().epoch();
  }

  /** A new mount's session. */
  public synchronized LocalMetadataSession newSession() {
    SessionId id =
        new SessionId(expectOk(apply(new LogEntry.RegisterSession(node, BORN))).number());
    LocalMetadataSession session = new LocalMetadataSession(this, id);
    sessions.put(id, session);
    return session;
  }

  /** Applies any entry, as if the log had brought it. */
  public synchronized LogReply apply(LogEntry entry) {
    index++;
    return engine.apply(entry, index, store, effects);
  }

  /** Ends a session as the leader does when its renewals stop; its holds go. */
  public void expire(SessionId id) {
    LocalMetadataSession session;
    synchronized (this) {
      apply(new LogEntry.ExpireSession(id));
      session = sessions.remove(id);
      if (session != null) {
        session.takeHeld().forEach(this::drop);
      }
    }
    if (session != null) {
      session.ended();
    }
  }

  /** On another thread, as in a node. */
  private synchronized void lockGranted(SessionId id, long ticket) {
    LocalMetadataSession session = sessions.get(id);
    if (session != null) {
      ForkJoinPool.commonPool().execute(() -> session.lockGranted(ticket));
    }
  }

  CompletableFuture<Void> recall(SessionId holder, InodeId inode) {
    LocalMetadataSession session;
    synchronized (this) {
      session = sessions.get(holder);
      recalls++;
    }
    return session == null ? CompletableFuture.completedFuture(null) : session.giveBack(inode);
  }

  /** How many recalls of leases there were. */
  public synchronized int recalls() {
    return recalls;
  }

  /** The session that holds the lease of an inode; null if none does. */
  public @Nullable SessionId holder(InodeId inode) throws ErrnoException {
    try (MetadataView view = view()) {
      return view.attributes(inode).holder();
    }
  }

  /** What is in the log, for nobody: leases do not stand in the way. */
  public MetadataView view() {
    return new TableView(copy(), 0, () -> {});
  }

  synchronized MemoryStore copy() {
    return store.copy();
  }

  /**
   * The files, for who stores anew what lies badly.
   *
   * @param ours whether the asker is the one to do it
   */
  public CompactableFiles files(BooleanSupplier ours) {
    return new CompactableFiles() {
      @Override
      public boolean areOurs() {
        return ours.getAsBoolean();
      }

      @Override
      public Step next(InodeId file, long from, boolean atRest) {
        return look(tables -> CompactionStep.next(tables, file, from, atRest));
      }

      @Override
      public List<InodeId> filesAfter(long after, int limit) {
        return look(tables -> CompactionStep.filesAfter(tables, after, limit));
      }
    };
  }

  /**
   * The blocks in the tables, for who puts them on their replicas.
   *
   * @param ours whether the asker is the one to do it
   */
  public InlineBlocks inlineBlocks(BooleanSupplier ours) {
    return new InlineBlocks() {
      @Override
      public boolean areOurs() {
        return ours.getAsBoolean();
      }

      @Override
      public long bytes() {
        return look(InlineScan::bytes);
      }

      @Override
      public List<InlineBlock> oldest(long after, long bytesMax) {
        return look(tables -> InlineScan.oldest(tables, after, bytesMax));
      }
    };
  }

  boolean takesInline() {
    return takesInline;
  }

  /** Whether sessions take small blocks with their bytes; they do not at first. */
  public void takesInline(boolean takes) {
    takesInline = takes;
  }

  private synchronized <T extends @Nullable Object> T look(Function<ReadStore, T> look) {
    return look.apply(store);
  }

  /** Whether anything references this block. */
  public synchronized boolean isReferenced(BlockId block) {
    return new ClusterView(store).isReferenced(block);
  }

  /** Whether the tables agree with each other. */
  public TableCheck.Report check() {
    return look(TableCheck::of);
  }

  public synchronized VolumeStats stats() {
    return new TableView(store, index, () -> {}).stats();
  }

  /** Reaps every orphan that no session holds, wholly. */
  public synchronized void reap() {
    reaps++;
    for (ClusterView.Orphan orphan : new ClusterView(store).orphansAfter(0, Integer.MAX_VALUE)) {
      if (!isHeld(orphan.inode())) {
        LogEntry.Reap reap = new LogEntry.Reap(List.of(orphan.inode()), orphan.index());
        while (expectOk(apply(reap)).number() > 0) {
          // Each entry frees a bounded number of rows.
        }
      }
    }
  }

  @GuardedBy("this")
  private boolean isHeld(InodeId inode) {
    return held.containsKey(inode)
        || sessions.values().stream().anyMatch(session -> session.alsoHolds(inode));
  }

  synchronized long reaps() {
    return reaps;
  }

  /** Answered when nobody keeps anything older, but for what the session has leases of. */
  LogReply submit(LocalMetadataSession session, long sequence, Request request) {
    LogReply reply;
    Changes changes;
    synchronized (this) {
      reply = apply(new LogEntry.Batch(session.id(), sequence, sequence - 1, List.of(request)));
      changes = effects.takeChanges();
    }
    if (!(request.standing() instanceof Standing.Ahead)) {
      tell(changes);
    }
    return reply;
  }

  /** Returns when nobody keeps anything older. */
  public void tell(Changes changes) {
    watchers.forEach(watcher -> watcher.changed(changes).join());
  }

  /** Who keeps what views have shown, for as long as there is the tree. */
  void watch(ChangeWatcher watcher) {
    watchers.add(watcher);
  }

  /** From now on what views have shown may be kept for so long. */
  public void keep(Duration time) {
    keepNanos = time.toNanos();
  }

  long keepNanos() {
    return keepNanos;
  }

  synchronized long index() {
    return index;
  }

  synchronized void hold(InodeId inode) {
    held.merge(inode, 1, Integer::sum);
  }

  synchronized void release(InodeId inode) {
    drop(inode);
    if (!held.containsKey(inode)) {
      reap();
    }
  }

  private synchronized void drop(InodeId inode) {
    held.computeIfPresent(inode, (ignored, count) -> count == 1 ? null : count - 1);
  }

  static Reply onlyReply(LogReply reply) {
    return expectOk(reply).replies().get(0);
  }

  private static LogReply expectOk(LogReply reply) {
    if (reply.status() != LogReply.Status.OK) {
      throw new IllegalStateException("the engine answered " + reply.status());
    }
    return reply;
  }
}
