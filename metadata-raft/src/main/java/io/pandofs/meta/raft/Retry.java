package io.pandofs.meta.raft;

import io.pandofs.common.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Tries again what failed for want of a leader: at the next leader event, or after a short pause
 * that doubles. Only for what may be done twice. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class Retry {
  static final long PAUSE_MIN_MILLIS = 5;
  static final long PAUSE_MAX_MILLIS = 200;

  private final Clock clock;
  private final ScheduledExecutorService scheduler;
  private final LeaderEvents events;

  Retry(Clock clock, ScheduledExecutorService scheduler, LeaderEvents events) {
    this.clock = clock;
    this.scheduler = scheduler;
    this.events = events;
  }

  /** The first success, or the last failure once {@code patience} is over. */
  <T> CompletableFuture<T> until(Duration patience, Supplier<CompletableFuture<T>> attempt) {
    CompletableFuture<T> result = new CompletableFuture<>();
    attempt(clock.nanoTime() + patience.toNanos(), PAUSE_MIN_MILLIS, attempt, result);
    return result;
  }

  private <T> void attempt(
      long deadline, long pause, Supplier<CompletableFuture<T>> attempt, CompletableFuture<T> to) {
    CompletableFuture<Void> event = events.next();
    begin(attempt)
        .whenComplete(
            (value, failure) -> {
              if (failure == null) {
                to.complete(value);
              } else if (clock.nanoTime() - deadline >= 0 || !isPassing(failure)) {
                to.completeExceptionally(cause(failure));
              } else {
                pause(pause, event)
                    .whenComplete(
                        (none, timeout) ->
                            attempt(deadline, Math.min(2 * pause, PAUSE_MAX_MILLIS), attempt, to));
              }
            });
  }

  /** A thrown attempt has failed: otherwise who waits for the result would wait for ever. */
  private static <T> CompletableFuture<T> begin(Supplier<CompletableFuture<T>> attempt) {
    try {
      return attempt.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Completes on the scheduler after the pause, or earlier at the event. */
  CompletableFuture<Void> pause(long millis, CompletableFuture<Void> event) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    scheduler.schedule(() -> over.complete(null), millis, TimeUnit.MILLISECONDS);
    // anyOf takes itself off the event when the pause is over; there may be no event for days.
    return CompletableFuture.anyOf(over, event).thenRunAsync(() -> {}, scheduler);
  }

  private static boolean isPassing(Throwable failure) {
    Throwable cause = cause(failure);
    return (cause instanceof IOException && !(cause instanceof RefusedException))
        || cause instanceof TimeoutException;
  }

  static Throwable cause(Throwable failure) {
    Throwable found = failure;
    while (found instanceof CompletionException || found instanceof ExecutionException) {
      Throwable inner = found.getCause();
      if (inner == null) {
        break;
      }
      found = inner;
    }
    return found;
  }
}
