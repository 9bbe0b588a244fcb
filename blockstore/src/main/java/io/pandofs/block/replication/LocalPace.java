package io.pandofs.block.replication;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How quick this node's own disks are at reads, so that one that is slow or hangs is read around as
 * long as other replicas are quicker. Thread-safe.
 */
final class LocalPace {
  /** As long as a read of a block takes from a disk that is well, and far more. */
  private static final long SLOW_NANOS = Duration.ofMillis(100).toNanos();

  /** No read has ended for so long while some were under way. */
  private static final long HANGS_NANOS = Duration.ofSeconds(1).toNanos();

  /** One read in so long is made here in spite of all, to see whether it is better. */
  private static final long TRY_NANOS = Duration.ofSeconds(1).toNanos();

  /** Others must be so many times as quick. */
  private static final int MUCH = 4;

  private final Clock clock;

  @GuardedBy("this")
  private int underWay;

  @GuardedBy("this")
  private long progressNanos;

  @GuardedBy("this")
  private long triedNanos;

  @GuardedBy("this")
  private double meanNanos;

  LocalPace(Clock clock) {
    this.clock = clock;
    this.triedNanos = clock.nanoTime();
  }

  /**
   * Whether to ask others first.
   *
   * @param othersNanos how long the quickest of them takes; asked only when it matters
   */
  synchronized boolean isSlow(DoubleSupplier othersNanos) {
    if (underWay == 0 && meanNanos < SLOW_NANOS) {
      return false;
    }
    long now = clock.nanoTime();
    if (underWay > 0 && now - progressNanos > HANGS_NANOS) {
      return true;
    }
    if (meanNanos < SLOW_NANOS || meanNanos < MUCH * othersNanos.getAsDouble()) {
      return false;
    }
    if (now - triedNanos > TRY_NANOS) {
      triedNanos = now;
      return false;
    }
    return true;
  }

  /** A read begins; returns when. */
  synchronized long begin() {
    long now = clock.nanoTime();
    if (underWay++ == 0) {
      progressNanos = now;
    }
    return now;
  }

  /** A read has ended, however. */
  synchronized void end(long beganNanos) {
    long now = clock.nanoTime();
    underWay--;
    progressNanos = now;
    meanNanos += (now - beganNanos - meanNanos) / 8;
  }
}
