package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * A call's wait for batches to be committed or lost. The patience begins anew with each of them: a
 * cluster that is slow is not one that has stopped, and the batches of one call are finite.
 */
final class Settling {

  /** How often to look whether the quorum-loss policy refuses changes by now; no event tells it. */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Clock clock;
  private final long patienceNanos;
  private final Supplier<Errno> refusal;

  private long deadline;

  /**
   * @param refusal what changes are answered with at present, OK if they are taken
   */
  Settling(Clock clock, Duration patience, Supplier<Errno> refusal) {
    this.clock = clock;
    this.patienceNanos = patience.toNanos();
    this.refusal = refusal;
  }

  /**
   * Waits, once.
   *
   * @param batches never fail
   * @throws ErrnoException the refusal as soon as there is one; EIO when none of them has settled
   *     for the patience; EINTR if the call is given up
   */
  void await(List<CompletableFuture<Void>> batches) throws ErrnoException {
    for (int i = 0; i < batches.size(); i++) {
      if (!batches.get(i).isDone()) {
        deadline = clock.nanoTime() + patienceNanos;
        await(batches.get(i), batches.subList(i, batches.size()));
      }
    }
  }

  private void await(CompletableFuture<Void> batch, List<CompletableFuture<Void>> all)
      throws ErrnoException {
    long open = count(all);
    CompletableFuture<Void> own = batch.copy();
    while (!batch.isDone()) {
      Errno refused = refusal.get();
      if (!refused.isOk()) {
        throw new ErrnoException(refused, "no majority");
      }
      long left = deadline - clock.nanoTime();
      if (left <= 0) {
        throw new ErrnoException(Errno.EIO, "written data could not be committed in time");
      }
      if (!isDoneWithin(own, Math.min(left, LOOK_NANOS))) {
        long stillOpen = count(all);
        if (stillOpen < open) {
          open = stillOpen;
          deadline = clock.nanoTime() + patienceNanos;
        }
      }
    }
  }

  private static long count(List<CompletableFuture<Void>> batches) {
    return batches.stream().filter(batch -> !batch.isDone()).count();
  }

  private static boolean isDoneWithin(CompletableFuture<Void> batch, long nanos)
      throws ErrnoException {
    return Waits.during(
        () -> {
          try {
            Void unused = batch.get(nanos, TimeUnit.NANOSECONDS);
            return true;
          } catch (TimeoutException e) {
            return false;
          } catch (ExecutionException e) {
            throw new IllegalStateException("a flush never fails", e);
          }
        });
  }
}
