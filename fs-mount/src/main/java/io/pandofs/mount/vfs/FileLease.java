package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the lease of one file stands between this mount and the log. Thread-safe; waits only in
 * {@link #enter}.
 *
 * <p>A lease is asked for, held, and given back. Bytes are taken from writers only between {@link
 * #enter} and {@link #exit}, and it is not given back before the last of them is out; from a recall
 * on nobody new gets in. So whoever had to wait for the lease writes at least once under it, and
 * all that was written under it is known when it is given back.
 *
 * <p>Each lost session begins a new generation; what an older one asked is of no interest.
 */
final class FileLease {

  /**
   * So long who has just given it back does not ask again: the other mount hears later that it is
   * free than this one, and would lose every time.
   */
  private static final long YIELD_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

  /** No generation. */
  static final long NOT_NOW = -1;

  private enum State {
    NONE,
    ASKED,
    HELD,
    RETURNING
  }

  private final Clock clock;

  @GuardedBy("this")
  private State state = State.NONE;

  @GuardedBy("this")
  private long generation;

  @GuardedBy("this")
  private int writers;

  @GuardedBy("this")
  private boolean ofDirectory;

  @GuardedBy("this")
  private boolean recalled;

  /** When it was last written under, or granted. */
  @GuardedBy("this")
  private long usedNanos;

  /** So long a recall waits: a lease that others want too shall be worth some writes. */
  @GuardedBy("this")
  private long keepUntilNanos;

  @GuardedBy("this")
  private long yieldUntilNanos;

  /** Completes when the lease that is wanted back is back, or lost; null if it is not wanted. */
  @GuardedBy("this")
  private @Nullable CompletableFuture<Void> returned;

  FileLease(Clock clock) {
    this.clock = clock;
    this.keepUntilNanos = clock.nanoTime();
    this.yieldUntilNanos = keepUntilNanos;
  }

  /**
   * Lets a writer in once the lease is held and not wanted back; {@link #exit} must follow.
   *
   * @return false if the caller has to ask the log for it, which counts as {@link #ask}
   * @throws ErrnoException EIO after the deadline, EINTR if the call was given up
   */
  synchronized boolean enter(long deadlineNanos) throws ErrnoException {
    while (true) {
      long yields = state == State.NONE && !recalled ? yieldUntilNanos - clock.nanoTime() : 0;
      if (state == State.NONE && !recalled && yields <= 0) {
        state = State.ASKED;
        return false;
      }
      if (state == State.HELD && (!recalled || isKept())) {
        writers++;
        return true;
      }
      long left = deadlineNanos - clock.nanoTime();
      if (left <= 0) {
        throw new ErrnoException(Errno.EIO, "no lease in time");
      }
      Waits.onMonitor(this, yields > 0 ? Math.min(yields, left) : left);
    }
  }

  @GuardedBy("this")
  private boolean isKept() {
    return clock.nanoTime() - keepUntilNanos < 0;
  }

  /** The present generation, for who asks. */
  synchronized long generation() {
    return generation;
  }

  /**
   * For who asks for it without waiting, or makes what is born with it.
   *
   * @return whether that is to be asked for
   */
  synchronized boolean ask() {
    if (state != State.NONE || recalled) {
      return false;
    }
    state = State.ASKED;
    return true;
  }

  /** It is a directory's, in which something is about to be changed; whether it is held. */
  synchronized boolean isUsed() {
    ofDirectory = true;
    usedNanos = clock.nanoTime();
    return state == State.HELD;
  }

  synchronized boolean isOfDirectory() {
    return ofDirectory;
  }

  /**
   * The log has granted what was asked for in the given generation.
   *
   * @param keepNanos how long to keep it even if it is wanted back
   * @param enters whether the asker is a writer and is in
   * @return false if the session it was granted to is over
   */
  synchronized boolean granted(long asked, long keepNanos, boolean enters) {
    if (asked != generation || state != State.ASKED) {
      return false;
    }
    state = State.HELD;
    usedNanos = clock.nanoTime();
    keepUntilNanos = usedNanos + keepNanos;
    writers += enters ? 1 : 0;
    notifyAll();
    return true;
  }

  /** What was asked for in the given generation was not granted. */
  void refused(long asked) {
    CompletableFuture<Void> done;
    synchronized (this) {
      if (asked != generation || state != State.ASKED) {
        return;
      }
      done = none();
    }
    done.complete(null);
  }

  /** A writer is out. */
  synchronized void exit() {
    writers--;
    usedNanos = clock.nanoTime();
  }

  synchronized boolean isHeld() {
    return state == State.HELD;
  }

  synchronized boolean isNone() {
    return state == State.NONE && writers == 0;
  }

  synchronized boolean isRecalled() {
    return recalled;
  }

  /** Whether it is held, by nobody used since the given time and by nobody wanted. */
  synchronized boolean isIdle(long sinceNanos) {
    return state == State.HELD && writers == 0 && !recalled && usedNanos - sinceNanos <= 0;
  }

  /** Wants the lease back; completes when it is back or lost. It is to be returned by someone. */
  synchronized CompletableFuture<Void> recall() {
    recalled = true;
    if (returned == null) {
      returned = new CompletableFuture<>();
    }
    return returned;
  }

  /**
   * In how many nanoseconds who could not give it back has to try again; {@link #NOT_NOW} if that
   * is for somebody else to do: the last writer on its way out, or who waits for the log's answer.
   */
  synchronized long againInNanos() {
    if (state != State.HELD || !recalled) {
      return NOT_NOW;
    }
    long kept = keepUntilNanos - clock.nanoTime();
    // A writer that leaves while it is kept does nothing about it, however soon that time ends.
    return kept > 0 || writers == 0 ? Math.max(0, kept) : NOT_NOW;
  }

  /** For how long yet a lease that is wanted back is kept for its writers; 0 or less if not. */
  synchronized long keptNanos() {
    return state == State.HELD ? keepUntilNanos - clock.nanoTime() : 0;
  }

  /**
   * Begins to give back what is wanted back. Also what is not held as far as is known here: an
   * answer may have been lost.
   *
   * @return the present generation if the caller is to do it now; {@link #NOT_NOW} while it is
   *     asked for, kept, used, or on its way
   */
  synchronized long startReturn() {
    boolean free = state == State.NONE || (state == State.HELD && writers == 0 && !isKept());
    if (!recalled || !free) {
      return NOT_NOW;
    }
    state = State.RETURNING;
    return generation;
  }

  /** The lease that was being given back in the given generation is back. */
  void returned(long asked) {
    CompletableFuture<Void> done;
    synchronized (this) {
      if (asked != generation || state != State.RETURNING) {
        return;
      }
      yieldUntilNanos = clock.nanoTime() + YIELD_NANOS;
      done = none();
    }
    done.complete(null);
  }

  /**
   * The session is over, and every lease of it.
   *
   * @param isHolder whether that session is still the one that leases are held in. Asked here, with
   *     nobody able to get a lease meanwhile: who comes late must not take the next session's
   * @return what is to be completed, outside of locks; null if there is a next session already
   */
  synchronized @Nullable CompletableFuture<Void> lost(BooleanSupplier isHolder) {
    if (!isHolder.getAsBoolean()) {
      return null;
    }
    generation++;
    return none();
  }

  @GuardedBy("this")
  private CompletableFuture<Void> none() {
    CompletableFuture<Void> done = returned == null ? new CompletableFuture<>() : returned;
    state = State.NONE;
    recalled = false;
    returned = null;
    notifyAll();
    return done;
  }
}
