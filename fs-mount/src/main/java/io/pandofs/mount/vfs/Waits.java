package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Reply;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/**
 * The calls that wait: for a lease, for the log's answer or a view, for data to be committed, for
 * room. Those, and no others, can be given up: an interrupt anywhere else could hit work that calls
 * share. What a call that is given up has asked for may still come about, once, as when its time is
 * over. Thread-safe.
 */
final class Waits {

  private final ConcurrentHashMap<Thread, Boolean> waiting = new ConcurrentHashMap<>();
  private final Set<Thread> givenUp = ConcurrentHashMap.newKeySet();

  /** Something that takes time. */
  @FunctionalInterface
  interface Wait<T> {
    T untilDone() throws InterruptedException, ErrnoException;
  }

  /**
   * Waits, on the present thread.
   *
   * @throws ErrnoException EINTR if its call has been given up or is meanwhile; what the wait
   *     throws
   */
  <T> T during(Wait<T> wait) throws ErrnoException {
    enter();
    try {
      return wait.untilDone();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ErrnoException(Errno.EINTR);
    } finally {
      leave();
    }
  }

  /** The log's answer, which comes in the session's own time. */
  Reply answer(CompletableFuture<Reply> answer) throws ErrnoException {
    return answer.isDone() ? answer.join() : during(() -> get(answer));
  }

  private static Reply get(CompletableFuture<Reply> answer) throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a session's answer never fails", e);
    }
  }

  private void enter() throws ErrnoException {
    // First, so that either this sees that it is given up, or who gives it up sees it wait.
    waiting.put(Thread.currentThread(), true);
    if (givenUp.contains(Thread.currentThread())) {
      leave();
      throw new ErrnoException(Errno.EINTR);
    }
  }

  private void leave() {
    waiting.remove(Thread.currentThread());
    if (givenUp.contains(Thread.currentThread())) {
      boolean unused = Thread.interrupted();
    }
  }

  /** Ends the wait of a thread's call with EINTR, and those to come until {@link #finished}. */
  void giveUp(Thread caller) {
    givenUp.add(caller);
    waiting.computeIfPresent(
        caller,
        (thread, present) -> {
          thread.interrupt();
          return present;
        });
  }

  /** The thread's call is over. */
  void finished(Thread caller) {
    givenUp.remove(caller);
  }
}
