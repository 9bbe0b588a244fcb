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
import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.Changes;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.InlineScan;
import io.pandofs.meta.wire.SessionRenewal;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session of a mount on this node. Thread-safe. */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in an answer
final class RaftSession implements MetadataSession {
  private static final Logger LOG = LoggerFactory.getLogger(RaftSession.class);
  private static final LockWaiter NOBODY =
      new LockWaiter() {
        @Override
        public void granted(long ticket) {}

        @Override
        public void mayBeGranted() {}
      };

  /** How often to look whether what waits for others may wait any longer. */
  private static final long LOOK_AGAIN_MILLIS = 250;

  /** With more bytes than this in the tables small data goes to the replicas at once. */
  private static final long INLINE_BYTES_MAX = 512L << 20;

  private static final int INODES_AT_ONCE = 4096;
  private static final int BLOCKS_AT_ONCE = 1024;
  private static final int ORPHANS_LISTED_MAX = 4096;

  private final SessionId id;
  private final BatchSender sender;
  private final Supplier<LocalSnapshot> tables;
  private final Ahead ahead;
  private final Retry retry;
  private final Executor executor;
  private final Views views;
  private final OldViews oldViews;
  private final QuorumWatch quorum;
  private final QuorumLoss policy;
  private final Recalls recalls;
  private final LifeSign sign;
  private final Clock clock;
  private final KeptByMounts kept;
  private final LongSupplier keep;
  private final Consumer<RaftSession> onClose;
  private final NumberRange inodes;
  private final NumberRange blocks;
  private volatile @Nullable LeaseHolder leases;
  private volatile LockWaiter waiter = NOBODY;
  private volatile @Nullable ChangeWatcher watcher;
  private final CompletableFuture<Void> expired = new CompletableFuture<>();

  @GuardedBy("held")
  private final Map<InodeId, Integer> held = new HashMap<>();

  private volatile Predicate<InodeId> alsoHeld = inode -> false;
  private final AtomicLong renewals = new AtomicLong();

  /** Opens linearizable views that do not show the end of the session: EIO otherwise. */
  interface Views {
    MetadataView open(Ahead session, Duration patience) throws ErrnoException;
  }

  /** Opens views of what this node has, however old, under the same condition. */
  interface OldViews {
    MetadataView open(Ahead session) throws ErrnoException;
  }

  /**
   * @param tables this node's, at a moment
   * @param executor where what waited for others goes on
   * @param policy what to answer while the majority is gone
   * @param kept those who keep what they were shown
   * @param keep for how long they may, see {@link Freshness#keepNanos}
   * @param sign what is heard of this session
   * @param onClose ends the session in the log and forgets it
   */
  RaftSession(
      SessionId id,
      BatchSender sender,
      Supplier<LocalSnapshot> tables,
      Retry retry,
      Executor executor,
      Views views,
      OldViews oldViews,
      QuorumWatch quorum,
      QuorumLoss policy,
      Recalls recalls,
      KeptByMounts kept,
      LongSupplier keep,
      LifeSign sign,
      Clock clock,
      Consumer<RaftSession> onClose) {
    this.id = id;
    this.sender = sender;
    this.tables = tables;
    this.ahead = new Ahead(id, tables, sender, this::diverged);
    this.retry = retry;
    this.executor = executor;
    this.views = views;
    this.oldViews = oldViews;
    this.quorum = quorum;
    this.policy = policy;
    this.recalls = recalls;
    this.kept = kept;
    this.keep = keep;
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
        ? send(request, false)
        : CompletableFuture.completedFuture(Reply.failed(refusal));
  }

  @Override
  public CompletableFuture<Reply> commit(Request request) {
    return send(request, true);
  }

  @Override
  public CompletableFuture<Reply> commitAhead(Request request) {
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    commitAhead(request, answer);
    return answer;
  }

  private void commitAhead(Request request, CompletableFuture<Reply> answer) {
    if (refusal().isOk() && surelyLives()) {
      answerAhead(request, true, answer);
    } else {
      send(request, true, answer);
    }
  }

  @Override
  public long unloggedBytes() {
    return ahead.unloggedBytes();
  }

  @Override
  public boolean takesInline() {
    try (LocalSnapshot now = tables.get()) {
      return InlineScan.isWelcome(now.store(), INLINE_BYTES_MAX);
    } catch (RuntimeException e) {
      return false; // The tables are closed while a replica starts anew.
    }
  }

  private CompletableFuture<Reply> send(Request request, boolean forEver) {
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    send(request, forEver, answer);
    return answer;
  }

  private void send(Request request, boolean forEver, CompletableFuture<Reply> answer) {
    try {
      ahead
          .submit(request, forEver)
          .whenComplete(
              (reply, failure) -> {
                if (failure != null) {
                  answer.complete(Reply.failed(Errno.EIO));
                } else if (isOwnRefusal(reply)) {
                  again(pause(), answer, () -> send(request, forEver, answer));
                } else {
                  answer.complete(reply);
                }
              });
    } catch (RuntimeException e) {
      answer.complete(unlooked(e));
    }
  }

  /** Another attempt after something, unless nobody waits for it any more. */
  private void again(
      CompletableFuture<?> after, CompletableFuture<Reply> answer, Runnable attempt) {
    after.whenComplete(
        (done, failure) -> {
          try {
            executor.execute(
                () -> {
                  if (!answer.isDone()) {
                    attempt.run();
                  }
                });
          } catch (RejectedExecutionException e) {
            answer.complete(Reply.failed(Errno.EIO)); // This node stops.
          }
        });
  }

  private Reply unlooked(RuntimeException failure) {
    if (!expired.isDone()) {
      LOG.error("{}: this node's tables cannot be looked at", id, failure);
    }
    return Reply.failed(Errno.EIO);
  }

  /** What the operation touches was not known when it was sent: this node's tables were behind. */
  private boolean isOwnRefusal(Reply reply) {
    return reply.errno() == Errno.LEASED && reply.number() == id.value();
  }

  private CompletableFuture<Void> pause() {
    return retry.pause(Retry.PAUSE_MIN_MILLIS, expired);
  }

  @Override
  public CompletableFuture<Reply> perform(Request request) {
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    perform(request, answer);
    return answer;
  }

  private void perform(Request request, CompletableFuture<Reply> answer) {
    Errno refusal = refusal();
    if (!refusal.isOk()) {
      answer.complete(Reply.failed(refusal));
    } else if (!surelyLives()) {
      send(request, false, answer);
    } else {
      answerAhead(request, false, answer);
    }
  }

  private void answerAhead(Request request, boolean forEver, CompletableFuture<Reply> answer) {
    Ahead.Attempt attempt;
    try {
      attempt = ahead.answer(request);
    } catch (RuntimeException e) {
      answer.complete(unlooked(e));
      return;
    }
    CompletableFuture<?> over = attempt.over();
    if (attempt.reply() != null) {
      Reply reply = attempt.reply();
      told(attempt.touched()).thenRun(() -> answer.complete(reply));
    } else if (over == null || over.isDone()) {
      // What is over already is not in the tables yet: this node is behind.
      send(request, forEver, answer);
    } else {
      // Not for ever: what is in the way may last as long as there is no majority.
      CompletableFuture<?> soon =
          over.copy().completeOnTimeout(null, LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
      again(
          soon,
          answer,
          forEver ? () -> commitAhead(request, answer) : () -> perform(request, answer));
    }
  }

  /** Done when what was answered ahead is not kept as it was before. */
  private CompletableFuture<Void> told(Set<InodeId> touched) {
    ChangeWatcher keeper = watcher;
    return keeper == null || touched.isEmpty()
        ? CompletableFuture.completedFuture(null)
        : keeper.changed(new Changes(touched, Map.of(), false));
  }

  @Override
  public CompletableFuture<Boolean> logged() {
    return ahead.logged();
  }

  @Override
  public int lost() {
    return ahead.lost();
  }

  @Override
  public Set<InodeId> lostWrites() {
    return ahead.lostWrites();
  }

  /** The log has answered otherwise than was answered ahead, or nothing any more. */
  private void diverged(String how) {
    if (!sender.isOver()) {
      LOG.error("{} ends: {}", id, how);
      finish();
    }
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
        return oldViews.open(ahead);
      }
      throw new ErrnoException(Errno.EIO, "no majority");
    }
    try {
      return views.open(ahead, policy.patience());
    } catch (ErrnoException e) {
      if (readOnly && quorum.isLost() && !expired.isDone()) {
        return oldViews.open(ahead);
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
  public void onRenewal(Predicate<InodeId> others) {
    alsoHeld = others;
  }

  @Override
  public long renewals() {
    return renewals.get();
  }

  private boolean isHeld(InodeId inode) {
    synchronized (held) {
      if (held.containsKey(inode)) {
        return true;
      }
    }
    return alsoHeld.test(inode);
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
  public void onChange(ChangeWatcher told) {
    watcher = told;
    kept.add(told);
  }

  @Override
  public long keepNanos() {
    return refusal().isOk() && surelyLives() ? keep.getAsLong() : 0;
  }

  @Override
  public CompletableFuture<Void> recall(SessionId holder, InodeId inode, Duration patience) {
    if (holder.equals(id)) {
      CompletableFuture<?> back = ahead.returned(inode);
      return back.isDone() ? pause() : CompletableFuture.anyOf(back, expired).thenAccept(any -> {});
    }
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
    // First: who is counted from here on is asked for below, or looks again.
    long unusedCount = renewals.incrementAndGet();
    long after = 0;
    while (true) {
      List<ClusterView.Orphan> orphans = cluster.orphansAfter(after, ORPHANS_LISTED_MAX);
      for (ClusterView.Orphan orphan : orphans) {
        after = orphan.inode().value();
        if (isHeld(orphan.inode())) {
          renewal.addHeldOrphans(orphan.inode().value());
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
    ahead.end();
    sender.end();
    if (ahead.lost() > 0) {
      LOG.error("{}: {} operations that were answered are lost", id, ahead.lost());
    }
    expired.complete(null);
  }

  @Override
  public void close() {
    finish();
    ChangeWatcher keeper = watcher;
    if (keeper != null) {
      kept.remove(keeper);
    }
  }

  private void finish() {
    if (!expired.isDone()) {
      onClose.accept(this);
      end();
    }
  }
}
