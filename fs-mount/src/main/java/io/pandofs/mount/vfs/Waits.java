package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.util.HashSet;
import java.util.Set;

/**
 * The calls that wait for a lease that another mount has, or that goes back to one. Those, and no
 * others, can be given up: an interrupt anywhere else could hit work that calls share. Thread-safe.
 */
final class Waits {

  @GuardedBy("this")
  private final Set<Thread> waiting = new HashSet<>();

  @GuardedBy("this")
  private final Set<Thread> givenUp = new HashSet<>();

  /**
   * The present thread begins to wait; {@link #leave} must follow.
   *
   * @throws ErrnoException EINTR if its call has been given up
   */
  synchronized void enter() throws ErrnoException {
    if (givenUp.contains(Thread.currentThread())) {
      throw new ErrnoException(Errno.EINTR);
    }
    waiting.add(Thread.currentThread());
  }

  synchronized void leave() {
    waiting.remove(Thread.currentThread());
    if (givenUp.contains(Thread.currentThread())) {
      boolean unused = Thread.interrupted();
    }
  }

  /** Ends the wait of a thread's call with EINTR, and those to come until {@link #finished}. */
  synchronized void giveUp(Thread caller) {
    givenUp.add(caller);
    if (waiting.contains(caller)) {
      caller.interrupt();
    }
  }

  /** The thread's call is over. */
  synchronized void finished(Thread caller) {
    givenUp.remove(caller);
  }
}
