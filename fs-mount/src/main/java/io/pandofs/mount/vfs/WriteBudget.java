package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;

/**
 * The bytes that the mount may hold of written and not yet committed data. A writer over it waits
 * until flushing has made room; it is slowed, never refused. Buffers grow in steps, so the bytes in
 * use may exceed the limit by one block for each thread that is writing, and by the buffers in
 * which short runs are gathered on their way, which are counted and not waited for. Thread-safe.
 */
final class WriteBudget {

  private final long bytesMax;
  private final Runnable pressure;

  @GuardedBy("this")
  private long used;

  @GuardedBy("this")
  private long peak;

  /**
   * @param pressure starts flushing all that is dirty; called without locks
   */
  WriteBudget(long bytesMax, Runnable pressure) {
    this.bytesMax = bytesMax;
    this.pressure = pressure;
  }

  /** Takes the bytes, after waiting for room if need be. */
  void acquire(long bytes) throws ErrnoException {
    if (tryAcquire(bytes)) {
      return;
    }
    pressure.run();
    synchronized (this) {
      while (!tryAcquire(bytes)) {
        try {
          wait();
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
