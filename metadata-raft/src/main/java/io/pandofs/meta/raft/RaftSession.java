package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Caller;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.wire.SessionRenewal;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A session of a mount on this node. Thread-safe. */
final class RaftSession implements MetadataSession {
  private static final LockWaiter NOBODY =
      new LockWaiter() {
        @Override
        public void granted(long ticket) {}

        @Override
        public void mayBeGranted() {}
      };

  private static final int INODES_AT_ONCE = 4096;
  private static final int BLOCKS_AT_ONCE = 1024;
  private static final int ORPHANS_LISTED_MAX = 4096;

  private final SessionId id;
  private final BatchSender sender;
  private final Views views;
  private final OldViews oldViews;
  private final QuorumWatch quorum;
  private final QuorumLoss policy;
  private final Recalls recalls;
  private final LifeSign sign;
  private final Clock clock;
  private final Consumer<RaftSession> onClose;
  private final NumberRange inodes;
  private final NumberRange blocks;
  private volatile @Nullable LeaseHolder leases;
  private volatile LockWaiter waiter = NOBODY;
  private final CompletableFuture<Void> expired = new CompletableFuture<>();

  @GuardedBy("held")
  private final Map<InodeId, Integer> held = new HashMap<>();

  /** Opens linearizable views that do not show the end of the session: EIO otherwise. */
  interface Views {
    MetadataView open(SessionId session, Duration patience) throws ErrnoException;
  }

  /** Opens views of what this node has, however old, under the same condition. */
  interface OldViews {
    MetadataView open(SessionId session) throws ErrnoException;
  }

  /**
   * @param policy what to answer while the majority is gone
   * @param sign what is heard of this session
   * @param onClose ends the session in the log and forgets it
   */
  RaftSession(
      SessionId id,
      BatchSender sender,
      Views views,
      OldViews oldViews,
      QuorumWatch quorum,
      QuorumLoss policy,
      Recalls recalls,
      LifeSign sign,
      Clock clock,
      Consumer<RaftSession> onClose) {
    this.id = id;
    this.sender = sender;
    this.views = views;
    this.oldViews = oldViews;
    this.quorum = quorum;
    this.policy = policy;
    this.recalls = recalls;
    this.sign = sign;
    this.clock = clock;
    this.onClose = onClose;
    this.inodes = new NumberRange(INODES_AT_ONCE, () -> grant(NumberKind.INODE, INODES_AT_ONCE));
    this.blocks =
        new NumberRange(BLOCKS_AT_ONCE, () -> grant(NumberKind.BLOCK_SERIAL, BLOCKS_AT_ONCE));
  }

  private CompletableFuture<Reply> grant(NumberKind kind, int count) {
    return submit(new Request(new Operation.ReserveNumbers(kind, count), Caller.ROOT, clock.now()));
  }

  @Override
  public SessionId id() {
    return id;
  }

  @Override
  public CompletableFuture<Reply> submit(Request request) {
    Errno refusal = refusal();
    return refusal.isOk()
        ? sender.submit(request)
        : CompletableFuture.completedFuture(Reply.failed(refusal));
  }

  @Override
  public CompletableFuture<Reply> commit(Request request) {
    return sender.commit(request);
  }

  @Override
  public Errno refusal() {
    Duration lost = quorum.lostFor();
    if (lost.isZero()) {
      return Errno.OK;
    }
    return switch (policy.mode()) {
      case WAIT -> lost.compareTo(policy.patience()) < 0 ? Errno.OK : Errno.EIO;
      case ERROR -> Errno.EIO;
      case READ_ONLY -> Errno.EROFS;
    };
  }

  @Override
  public MetadataView view() throws ErrnoException {
    if (expired.isDone()) {
      throw new ErrnoException(Errno.EIO, id + " is over");
    }
    boolean readOnly = policy.mode() == QuorumLoss.Mode.READ_ONLY;
    if (!refusal().isOk()) {
      if (readOnly) {
        return oldViews.open(id);
      }
      throw new ErrnoException(Errno.EIO, "no majority");
    }
    try {
      return views.open(id, policy.patience());
    } catch (ErrnoException e) {
      if (readOnly && quorum.isLost() && !expired.isDone()) {
        return oldViews.open(id);
      }
      throw e;
    }
  }

  @Override
  public InodeId nextInode() throws ErrnoException {
    return new InodeId(inodes.next());
  }

  @Override
  public BlockId nextBlock() throws ErrnoException {
    return BlockId.ofSerial(blocks.next());
  }

  @Override
  public void hold(InodeId inode) {
    synchronized (held) {
      held.merge(inode, 1, Integer::sum);
    }
  }

  @Override
  public void release(InodeId inode) {
    synchronized (held) {
      held.computeIfPresent(inode, (same, count) -> count == 1 ? null : count - 1);
    }
  }

  @Override
  public void onRecall(LeaseHolder holder) {
    leases = holder;
  }

  @Override
  public void onLockGranted(LockWaiter told) {
    waiter = told;
  }

  /** Who is told of locks. */
  LockWaiter waiter() {
    return waiter;
  }

  /** Another session wants an inode. */
  CompletableFuture<Void> giveBack(InodeId inode) {
    LeaseHolder holder = leases;
    if (holder == null) {
      return CompletableFuture.failedFuture(new IOException(id + " is being made"));
    }
    return CompletableFuture.anyOf(holder.giveBack(inode), expired).thenAccept(given -> {});
  }

  @Override
  public CompletableFuture<Void> recall(SessionId holder, InodeId inode, Duration patience) {
    return recalls.recall(holder, inode, patience, () -> refusal().isOk());
  }

  @Override
  public boolean surelyLives() {
    return sign.surelyLives() && !expired.isDone();
  }

  /** What is heard of this session. */
  LifeSign sign() {
    return sign;
  }

  /**
   * What the node tells the leader of this session.
   *
   * @param applied the index that was applied before {@code cluster} was opened
   */
  SessionRenewal renewal(long applied, ClusterView cluster) {
    SessionRenewal.Builder renewal =
        SessionRenewal.newBuilder().setSession(id.value()).setApplied(applied).setComplete(true);
    synchronized (held) {
      if (held.isEmpty()) {
        return renewal.build();
      }
    }
    long after = 0;
    while (true) {
      List<ClusterView.Orphan> orphans = cluster.orphansAfter(after, ORPHANS_LISTED_MAX);
      synchronized (held) {
        for (ClusterView.Orphan orphan : orphans) {
          after = orphan.inode().value();
          if (held.containsKey(orphan.inode())) {
            renewal.addHeldOrphans(orphan.inode().value());
          }
        }
      }
      if (renewal.getHeldOrphansCount() > ORPHANS_LISTED_MAX) {
        return renewal.clearHeldOrphans().setComplete(false).build();
      }
      if (orphans.size() < ORPHANS_LISTED_MAX) {
        return renewal.build();
      }
    }
  }

  @Override
  public CompletableFuture<Void> expired() {
    return expired.copy();
  }

  void leaderChanged() {
    sender.leaderChanged();
  }

  /** The session is over; returns at once. */
  void end() {
    sender.end();
    expired.complete(null);
  }

  @Override
  public void close() {
    if (!expired.isDone()) {
      onClose.accept(this);
      end();
    }
  }
}
