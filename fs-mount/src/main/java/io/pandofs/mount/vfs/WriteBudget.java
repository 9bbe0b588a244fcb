package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.LongConsumer;

/**
 * The bytes that the mount may hold of written and not yet committed data. A writer over it waits
 * until flushing has made room, in its turn; it is slowed, and refused only when nothing can be
 * committed. Buffers grow in steps, so the bytes in use may exceed the limit by one block for each
 * thread that is writing, and by the buffers in which short runs are gathered on their way, which
 * are counted and not waited for. Thread-safe.
 */
final class WriteBudget {

  private final long bytesMax;
  private final Clock clock;
  private final LongConsumer pressure;

  @GuardedBy("this")
  private long used;

  @GuardedBy("this")
  private long peak;

  /** Of the buffers that no flush has taken yet. */
  @GuardedBy("this")
  private long unsealed;

  /** How often something was given back, or there was more to flush. */
  @GuardedBy("this")
  private long changes;

  /** Who waits for room, first come first. */
  @GuardedBy("this")
  private final ArrayDeque<Object> queue = new ArrayDeque<>();

  /**
   * @param pressure starts flushing enough that so many bytes can be had; called without locks, by
   *     whoever is the next to get room, each time that something was given back and was not
   *     enough, or that there is more to flush
   */
  WriteBudget(long bytesMax, Clock clock, LongConsumer pressure) {
    this.bytesMax = bytesMax;
    this.clock = clock;
    this.pressure = pressure;
  }

  /**
   * Takes the bytes, after waiting for room if need be, behind those that wait already.
   *
   * @param patience how long to wait while nobody gives anything back
   * @throws ErrnoException EIO if there is no room in time, since nothing can be committed; EINTR
   *     if the call is given up
   */
  void acquire(long bytes, Duration patience) throws ErrnoException {
    if (tryAcquire(bytes)) {
      return;
    }
    Object turn = new Object();
    enqueue(turn);
    try {
      do {
        if (isNext(turn)) {
          pressure.accept(bytes);
        }
      } while (!awaitRoom(turn, bytes, patience.toNanos()));
    } finally {
      dequeue(turn);
    }
  }

  private synchronized void enqueue(Object turn) {
    queue.addLast(turn);
  }

  private synchronized void dequeue(Object turn) {
    queue.remove(turn);
    notifyAll();
  }

  private synchronized boolean isNext(Object turn) {
    return queue.peekFirst() == turn;
  }

  private synchronized boolean tryAcquire(long bytes) {
    if (!queue.isEmpty() || !fits(bytes)) {
      return false;
    }
    adjust(bytes);
    return true;
  }

  @GuardedBy("this")
  private boolean fits(long bytes) {
    return used == 0 || used + bytes <= bytesMax;
  }

  /** Takes the bytes and says so, or returns when something has changed that was not enough. */
  private synchronized boolean awaitRoom(Object turn, long bytes, long patienceNanos)
      throws ErrnoException {
    boolean wasNext = isNext(turn);
    long seen = changes;
    long deadline = clock.nanoTime() + patienceNanos;
    while (!(isNext(turn) && fits(bytes))) {
      if (seen != changes || wasNext != isNext(turn)) {
        return false;
      }
      long left = deadline - clock.nanoTime();
      if (left <= 0) {
        throw new ErrnoException(Errno.EIO, "no room for written data in time");
      }
      Waits.onMonitor(this, left);
    }
    adjust(bytes);
    return true;
  }

  /** Corrects what was taken to what is used, or gives back; never waits. */
  synchronized void adjust(long delta) {
    used += delta;
    peak = Math.max(peak, used);
    if (delta < 0) {
      changes++;
      notifyAll();
    }
  }

  /**
   * Of the bytes in use so many more, or less, rest until a flush takes them. More of them come
   * while somebody waits only from writers that were in before, so waiting gets no longer by it.
   */
  synchronized void adjustUnsealed(long delta) {
    unsealed += delta;
    if (delta > 0 && !queue.isEmpty()) {
      changes++;
      notifyAll();
    }
  }

  /** Bytes of all buffers that no flush has taken yet. */
  synchronized long unsealed() {
    return unsealed;
  }

  synchronized long used() {
    return used;
  }

  /** The most that was ever in use. */
  synchronized long peak() {
    return peak;
  }
}
