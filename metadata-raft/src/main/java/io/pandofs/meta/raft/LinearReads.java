package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataView;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Opens views that are linearizable: they show all that was acknowledged, or shown to any reader,
 * before they were opened, and nothing that a later reader elsewhere might not see; but for what
 * others have leases of ({@link PublicEntries}), which readers recall. Thread-safe.
 *
 * <p>A node that is fresh looks at its lease first and takes one snapshot of its tables then: while
 * the lease ran, all that was released was applied. A node that is not fresh asks the leader for an
 * index that has all of that, and takes the snapshot once it has applied so much.
 *
 * <p>Either snapshot may show what is committed and not released yet. Who shows it would be ahead
 * of a fresh reader on another node that has not applied it: B shows index i, then C, fresh and one
 * entry behind, shows what was before. So on both ways a view answers from a row that was changed
 * at i only once i is released; rows that nothing unreleased has changed do not wait. It follows
 * that what any reader has been shown is released, and that the leader's index need only have what
 * is released (and, under a new leader, all that a former one may have released).
 */
@SuppressWarnings("FutureReturnValueIgnored") // who asks again does not wait for the answer
final class LinearReads {
  private static final int QUESTION_SECONDS = 5;
  private static final long NUDGE_MILLIS_MIN = 2;

  private final LeaderCalls leader;
  private final Freshness freshness;
  private final DirtyInodes dirty;
  private final AppliedGate applied;
  private final Retry retry;
  private final Clock clock;
  private final CompletableFuture<ReplicaFailure> failed;
  private final ReadBarrier barrier;
  private final LongAdder local = new LongAdder();
  private final LongAdder asked = new LongAdder();
  private final AtomicLong waited = new AtomicLong();

  /**
   * @param failed completes with the reason when this node stops serving
   */
  LinearReads(
      LeaderCalls leader,
      Freshness freshness,
      DirtyInodes dirty,
      AppliedGate applied,
      Retry retry,
      Clock clock,
      CompletableFuture<ReplicaFailure> failed) {
    this.leader = leader;
    this.freshness = freshness;
    this.dirty = dirty;
    this.applied = applied;
    this.retry = retry;
    this.clock = clock;
    this.failed = failed;
    this.barrier = new ReadBarrier(this::askReadIndex);
  }

  /**
   * The tables that are looked at from now on have all that was acknowledged before the call, but
   * perhaps for what others have leases of in them.
   */
  void awaitCurrent(Duration patience) throws ErrnoException {
    if (freshness.isFresh()) {
      local.increment();
      return;
    }
    asked.increment();
    askAndCatchUp(patience);
  }

  /** As above, with what was acknowledged of what sessions have leases of, which readers recall. */
  void awaitAcknowledged(Duration patience) throws ErrnoException {
    asked.increment();
    askAndCatchUp(patience);
  }

  /**
   * A view of such tables that tells only what is released.
   *
   * @param isOwn of an inode that does not wait for that: nobody else may look at it
   */
  MetadataView released(MetadataView all, Predicate<InodeId> isOwn, Duration patience) {
    return freshness.released() >= all.index()
        ? all
        : new ReleasedView(all, (inode, upTo) -> awaitRelease(inode, upTo, isOwn, patience));
  }

  ReplicaStatus.Reads counts() {
    return new ReplicaStatus.Reads(
        freshness.isFresh(),
        freshness.released(),
        local.sum(),
        asked.sum(),
        waited.get(),
        freshness.timesLost());
  }

  /** An index at or above everything acknowledged before the call. */
  CompletableFuture<Long> readIndex() {
    return barrier.readIndex();
  }

  /** Waits until the last change of the inode, as of an index, is released. */
  private void awaitRelease(InodeId inode, long upTo, Predicate<InodeId> isOwn, Duration patience)
      throws ErrnoException {
    long index = Math.min(upTo, dirty.lastChange(inode));
    if (index > freshness.released() && !isOwn.test(inode)) {
      waited.incrementAndGet();
      waitForCaller(freshness.whenReleased(index), patience);
    }
  }

  /** Waits until everything that was acknowledged anywhere before the call is applied here. */
  private void askAndCatchUp(Duration patience) throws ErrnoException {
    long deadline = clock.nanoTime() + patience.toNanos();
    CompletableFuture<Long> question = barrier.readIndex();
    long index =
        question.isDone() && !question.isCompletedExceptionally()
            ? question.join()
            : waitForCaller(again(question, patience), patience);
    catchUp(index, deadline);
  }

  /**
   * Waits until the index is applied here. Each question for the read index also makes the leader
   * tell this node how far the log is committed, but not while it waits for this node's answer to
   * an entry: so asking is repeated, or the next heartbeat would have to be waited for.
   */
  private void catchUp(long index, long deadline) throws ErrnoException {
    long pauseNanos = TimeUnit.MILLISECONDS.toNanos(NUDGE_MILLIS_MIN);
    while (!isAppliedWithin(index, Math.min(pauseNanos, deadline - clock.nanoTime()))) {
      if (failed.isDone() || applied.isClosed() || clock.nanoTime() - deadline >= 0) {
        throw new ErrnoException(Errno.EIO, "this node is behind the leader");
      }
      barrier.readIndex();
      pauseNanos = Math.min(2 * pauseNanos, TimeUnit.MILLISECONDS.toNanos(Retry.PAUSE_MAX_MILLIS));
    }
  }

  private boolean isAppliedWithin(long index, long nanos) throws ErrnoException {
    return applied.get() >= index || Waits.during(() -> applied.await(index, nanos));
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
          CompletableFuture<Long> question = once.getAndSet(null);
          return question != null ? question : barrier.readIndex();
        });
  }

  /** As {@link #wait}, but the wait of a call that may be given up: EINTR then. */
  <T> T waitForCaller(CompletableFuture<T> future, Duration patience) throws ErrnoException {
    requireServing();
    if (future.isDone() && !future.isCompletedExceptionally()) {
      return future.join();
    }
    // Whoever waits for the future itself may also run what others have hung on it.
    CompletableFuture<T> own = future.copy();
    return Waits.during(() -> get(own, patience));
  }

  private void requireServing() throws ErrnoException {
    if (failed.isDone()) {
      throw new ErrnoException(Errno.EIO, failed.join().reason());
    }
  }

  /** The value, or EIO when the patience is over or this node has stopped serving. */
  <T> T wait(CompletableFuture<T> future, Duration patience) throws ErrnoException {
    requireServing();
    try {
      return get(future, patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ErrnoException(Errno.EINTR);
    }
  }

  private static <T> T get(CompletableFuture<T> future, Duration patience)
      throws InterruptedException, ErrnoException {
    try {
      return future.get(Math.max(1, patience.toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new ErrnoException(Errno.EIO, "no leader in time");
    } catch (ExecutionException e) {
      throw new ErrnoException(Errno.EIO, String.valueOf(Retry.cause(e).getMessage()));
    }
  }
}
