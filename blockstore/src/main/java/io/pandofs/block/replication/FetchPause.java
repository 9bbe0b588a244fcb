package io.pandofs.block.replication;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.time.Clock;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When one fetch after the other is answered by nobody, or this store takes nothing, then not all
 * that is needed is tried, but a few every second: so soon is it seen that the others are back.
 * Thread-safe.
 */
final class FetchPause {
  private static final Logger LOG = LoggerFactory.getLogger(FetchPause.class);
  private static final int FAILURES_BEFORE = 8;
  private static final long MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Clock clock;
  private final LimitedLog nowhere;

  @GuardedBy("this")
  private int failuresInRow;

  @GuardedBy("this")
  private long untilNanos;

  FetchPause(Clock clock) {
    this.clock = clock;
    this.nowhere = new LimitedLog(LOG, clock);
    this.untilNanos = clock.nanoTime();
  }

  synchronized boolean isOn() {
    return untilNanos - clock.nanoTime() > 0;
  }

  synchronized void succeeded() {
    if (failuresInRow >= FAILURES_BEFORE) {
      untilNanos = clock.nanoTime();
    }
    failuresInRow = 0;
  }

  /** Of a block that nobody has, who have answered, nothing follows for the others. */
  synchronized void failed(Throwable failure) {
    if (Failures.unwrap(failure) instanceof RemoteRead.NoGoodCopyException) {
      nowhere.warn(Failures.describe(failure));
      return;
    }
    if (failuresInRow == 0) {
      LOG.warn("{}", Failures.describe(failure));
    }
    failuresInRow++;
    int pauses = failuresInRow / FAILURES_BEFORE;
    if (pauses > 0) {
      untilNanos = clock.nanoTime() + Math.min(MIN_NANOS << Math.min(pauses, 3), MAX_NANOS);
    }
  }
}
