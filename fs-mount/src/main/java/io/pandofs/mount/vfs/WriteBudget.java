package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The bytes that the mount may hold of written and not yet committed data. A writer over it waits
 * until flushing has made room; it is slowed, and refused only when nothing can be committed.
 * Buffers grow in steps, so the bytes in use may exceed the limit by one block for each thread that
 * is writing, and by the buffers in which short runs are gathered on their way, which are counted
 * and not waited for. Thread-safe.
 */
final class WriteBudget {

  private final long bytesMax;
  private final Clock clock;
  private final Runnable pressure;

  @GuardedBy("this")
  private long used;

  @GuardedBy("this")
  private long peak;

  /**
   * @param pressure starts flushing all that is dirty; called without locks
   */
  WriteBudget(long bytesMax, Clock clock, Runnable pressure) {
    this.bytesMax = bytesMax;
    this.clock = clock;
    this.pressure = pressure;
  }

  /**
   * Takes the bytes, after waiting for room if need be.
   *
   * @throws ErrnoException EIO if there is none in time, since nothing can be committed
   */
  void acquire(long bytes, Duration patience) throws ErrnoException {
    if (tryAcquire(bytes)) {
      return;
    }
    pressure.run();
    long deadline = clock.nanoTime() + patience.toNanos();
    synchronized (this) {
      while (!tryAcquire(bytes)) {
        long left = deadline - clock.nanoTime();
        if (left <= 0) {
          throw new ErrnoException(Errno.EIO, "no room for written data in time");
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new ErrnoException(Errno.EINTR);
        }
      }
    }
  }

  private synchronized boolean tryAcquire(long bytes) {
    if (used != 0 && used + bytes > bytesMax) {
      return false;
    }
    adjust(bytes);
    return true;
  }

  /** Corrects what was taken to what is used, or gives back; never waits. */
  synchronized void adjust(long delta) {
    used += delta;
    peak = Math.max(peak, used);
    if (delta < 0) {
      notifyAll();
    }
  }

  synchronized long used() {
    return used;
  }

  /** The most that was ever in use. */
  synchronized long peak() {
    return peak;
  }
}
