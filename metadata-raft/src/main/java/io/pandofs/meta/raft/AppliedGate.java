package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How far this node has applied the log, and who waits for more. A value is published only after
 * the tables hold everything up to it. Never goes back. Thread-safe.
 */
final class AppliedGate {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition advanced = lock.newCondition();
  private volatile long index = -1;

  @GuardedBy("lock")
  private int waiting;

  private volatile boolean closed;

  long get() {
    return index;
  }

  void advance(long to) {
    lock.lock();
    try {
      if (to > index) {
        index = to;
      }
      if (waiting > 0) {
        advanced.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the index is reached; false when the time is over or the replica was closed. */
  boolean await(long wanted, long timeoutNanos) throws InterruptedException {
    if (index >= wanted) {
      return true;
    }
    lock.lock();
    try {
      awaitLocked(wanted, timeoutNanos);
    } finally {
      lock.unlock();
    }
    return index >= wanted;
  }

  @GuardedBy("lock")
  private void awaitLocked(long wanted, long timeoutNanos) throws InterruptedException {
    long left = timeoutNanos;
    waiting++;
    try {
      while (index < wanted && !closed && left > 0) {
        left = advanced.awaitNanos(left);
      }
    } finally {
      waiting--;
    }
  }

  /** Whether nothing more will be applied. */
  boolean isClosed() {
    return closed;
  }

  /** Lets everybody go. */
  void close() {
    lock.lock();
    try {
      closed = true;
      advanced.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
