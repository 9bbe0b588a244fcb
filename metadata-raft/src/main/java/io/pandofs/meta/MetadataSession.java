package io.pandofs.meta;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * One mount's access to the metadata, from registration to expiry. Thread-safe.
 *
 * <p>When the session is expired (its renewals did not reach a leader in time) every later call
 * fails with EIO, and {@link #expired()} completes; the mount then registers a new one. What waits
 * for a leader longer than the mount's quorum-loss policy allows fails with EIO too; its number is
 * not used again, so it may still take effect, once.
 */
public interface MetadataSession extends AutoCloseable {
  SessionId id();

  /**
   * Commits an operation through the log, exactly once whatever leaders and connections do. The
   * future never fails: faults are answered as EIO. Operations of one session take effect in the
   * order of the calls, but one that has to be made again because of what another one is about to
   * do to a lease.
   */
  CompletableFuture<Reply> submit(Request request);

  /**
   * Answers an operation ahead of the log if leases of this session cover all that it touches: the
   * log has it soon then, unless the session ends, see {@link #logged}. Else as {@link #submit}.
   * What is answered happens in the order of the answers, and what is submitted later after it.
   * Whoever cancels the future has it not tried any more; what was sent may come about.
   */
  CompletableFuture<Reply> perform(Request request);

  /**
   * Completes, never fails, when the log has all that was answered ahead of it before the call:
   * with false if that was lost.
   */
  CompletableFuture<Boolean> logged();

  /**
   * How many operations that were answered ahead of the log are lost. It is known when {@link
   * #expired} completes.
   */
  int lost();

  /** The files among them whose bytes are lost; known when {@link #lost} is. */
  Set<InodeId> lostWrites();

  /**
   * As {@link #submit}, but with the patience of the session: not answered EIO for want of a
   * majority as long as the session lives. For what was acknowledged to a program already.
   */
  CompletableFuture<Reply> commit(Request request);

  /** How many bytes of files were answered ahead of the log and are not in it yet. */
  long unloggedBytes();

  /** As {@link #perform}, with the patience of {@link #commit}. */
  CompletableFuture<Reply> commitAhead(Request request);

  /**
   * Whether small blocks may come with their bytes ({@link InlineBlock}): the tables have not got
   * too many of those, and no write has to be on all replicas to count. A hint, and of this node;
   * asked for each of them.
   */
  boolean takesInline();

  /**
   * What a change is answered with at once, as the mount's quorum-loss policy says, while no
   * majority is known; OK when changes go on or wait.
   */
  Errno refusal();

  /**
   * A view that includes everything that any mount's completed call has changed before this call
   * began (linearizable). May wait for the leader; many callers share one round trip.
   *
   * @throws ErrnoException EIO when the session is expired or no leader answers in time
   */
  MetadataView view() throws ErrnoException;

  /** An unused inode number. */
  InodeId nextInode() throws ErrnoException;

  /** An unused block number. */
  BlockId nextBlock() throws ErrnoException;

  /**
   * Says that the mount has this inode open. Called before the mount checks in a view that the
   * inode exists: from then on an orphan is not reaped until {@link #release} or expiry. Counted.
   */
  void hold(InodeId inode);

  /** The opposite of one {@link #hold}. */
  void release(InodeId inode);

  /**
   * Says what else is held. It is asked for orphans, with each renewal, and answers at once. Once,
   * before the first view.
   */
  void onRenewal(Predicate<InodeId> alsoHeld);

  /**
   * Counts renewals. What a view has shown is held in time if it is held while the count is what it
   * was before the view was opened; else the leader may have been told that it is not.
   */
  long renewals();

  /**
   * Says who gives leases of this session back when others want them. Once, before the first lease.
   */
  void onRecall(LeaseHolder holder);

  /** Where a session's leases are recalled. */
  @FunctionalInterface
  interface LeaseHolder {
    /**
     * Puts all that was written under the lease into the log, and then the lease back. Returns at
     * once; completes, never fails, when that is done, or when the session is over. A lease that is
     * not known here is given back too: the log may know more.
     */
    CompletableFuture<Void> giveBack(InodeId inode);
  }

  /**
   * Says who is told of locks that this session waits for, see {@link Operation.SetLock}. Once,
   * before the first.
   */
  void onLockGranted(LockWaiter waiter);

  /** Where a session's locks are waited for. Returns at once. */
  interface LockWaiter {
    /** The lock that is waited for by this number is the session's. */
    void granted(long ticket);

    /** Any of them may be: who wants to know asks for it again. */
    void mayBeGranted();
  }

  /**
   * Says who keeps what views of this session have shown. It is told of changes from now on, also
   * after the session has expired, until one that it was named in is closed.
   */
  void onChange(ChangeWatcher watcher);

  /**
   * For how long from now a {@link ChangeWatcher} may keep what it was shown, in nanoseconds; 0:
   * not at all. That is, what a view has shown that was opened after the last change that was told.
   */
  long keepNanos();

  /**
   * Asks another session, wherever it is, to give the lease of an inode back; asked again while it
   * cannot be reached. Completes when it has done so or is over; the caller then looks again, since
   * a third one may have been faster. A lease that this session itself is giving back is waited
   * for.
   *
   * @return fails with an {@code IOException} when the patience is over, or changes are refused
   */
  CompletableFuture<Void> recall(SessionId holder, InodeId inode, Duration patience);

  /**
   * Whether the session surely lives, by this node's clock and counted from its last renewal
   * (PROTOCOL rule 7). While it is false nothing may be answered that the log was not asked about.
   */
  boolean surelyLives();

  /** Completes when the session is over, by expiry or {@link #close}. */
  CompletableFuture<Void> expired();

  /** Ends the session through the log if a leader can be reached soon, and stops renewing. */
  @Override
  void close();
}
