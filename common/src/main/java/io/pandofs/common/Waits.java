package io.pandofs.common;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Where a call may be given up because its caller is being killed: while its thread waits here, and
 * nowhere else. An interrupt at any other place could hit work that calls share, such as an append
 * to the log. What a call that is given up has asked for may still come about, once, as when its
 * time is over. Thread-safe; a thread's waits do not nest.
 */
public final class Waits {

  private static final ConcurrentHashMap<Thread, Boolean> WAITING = new ConcurrentHashMap<>();
  private static final Set<Thread> GIVEN_UP = ConcurrentHashMap.newKeySet();

  private Waits() {}

  /**
   * Something that takes time, and does nothing but wait. Of a {@link CompletableFuture} that
   * others have too it waits for a copy: who waits for the future itself may run what they have
   * hung on it.
   */
  @FunctionalInterface
  public interface Wait<T> {
    T untilDone() throws InterruptedException, ErrnoException;
  }

  /**
   * Waits, on the present thread.
   *
   * @throws ErrnoException EINTR if its call has been given up or is meanwhile, or the thread is
   *     interrupted; what the wait throws
   */
  public static <T> T during(Wait<T> wait) throws ErrnoException {
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

  /** Until there is a notification, or a spurious one, or the time is over. Under the monitor. */
  public static void onMonitor(Object monitor, long nanos) throws ErrnoException {
    boolean unused =
        during(
            () -> {
              TimeUnit.NANOSECONDS.timedWait(monitor, nanos);
              return true;
            });
  }

  /** The value of a future that never fails, and comes in its own time. */
  public static <T> T of(CompletableFuture<T> future) throws ErrnoException {
    if (future.isDone()) {
      return future.join();
    }
    CompletableFuture<T> own = future.copy();
    return during(() -> get(own));
  }

  private static <T> T get(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("what never fails has failed", e);
    }
  }

  /**
   * Before something is begun that a call would wait for.
   *
   * @throws ErrnoException EINTR if the present thread's call has been given up
   */
  public static void requireNotGivenUp() throws ErrnoException {
    if (GIVEN_UP.contains(Thread.currentThread())) {
      throw new ErrnoException(Errno.EINTR);
    }
  }

  private static void enter() throws ErrnoException {
    // First, so that either this sees that it is given up, or who gives it up sees it wait.
    WAITING.put(Thread.currentThread(), true);
    if (GIVEN_UP.contains(Thread.currentThread())) {
      leave();
      throw new ErrnoException(Errno.EINTR);
    }
  }

  private static void leave() {
    WAITING.remove(Thread.currentThread());
    if (GIVEN_UP.contains(Thread.currentThread())) {
      boolean unused = Thread.interrupted();
    }
  }

  /**
   * Ends the wait of a thread's call with EINTR, and those to come until {@link #finished}, which
   * must follow when the call has ended. Never waits.
   */
  public static void giveUp(Thread caller) {
    GIVEN_UP.add(caller);
    WAITING.computeIfPresent(
        caller,
        (thread, present) -> {
          thread.interrupt();
          return present;
        });
  }

  /** The thread's call is over. */
  public static void finished(Thread caller) {
    GIVEN_UP.remove(caller);
  }
}
