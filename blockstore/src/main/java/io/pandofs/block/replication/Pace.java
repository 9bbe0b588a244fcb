package io.pandofs.block.replication;

import java.util.concurrent.TimeUnit;

/**
 * When background work may take its next step: within a limit of bytes a second, and while mounts
 * read, so that their reads go first but do not starve it, one step each 100 ms. Not thread-safe.
 */
public final class Pace {
  private static final long YIELD_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long YIELD_MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final long bytesPerSecond;
  private final ForegroundReads reads;
  private long freeAtNanos;
  private long lastStepNanos;

  public Pace(long bytesPerSecond, ForegroundReads reads, long nowNanos) {
    this.bytesPerSecond = bytesPerSecond;
    this.reads = reads;
    this.freeAtNanos = nowNanos;
    this.lastStepNanos = nowNanos - YIELD_MAX_NANOS;
  }

  /** How long to wait before this is asked again; zero or less when the next step may begin. */
  public long waitNanos(long nowNanos) {
    boolean rested = nowNanos - lastStepNanos >= YIELD_MAX_NANOS;
    long stepBack = reads.underWay() > 0 && !rested ? YIELD_NANOS : 0;
    return Math.max(freeAtNanos - nowNanos, stepBack);
  }

  /** Counts a step that begins now. */
  public void took(long bytes, long nowNanos) {
    lastStepNanos = nowNanos;
    long from = freeAtNanos - nowNanos > 0 ? freeAtNanos : nowNanos;
    freeAtNanos = from + TimeUnit.SECONDS.toNanos(1) * bytes / bytesPerSecond;
  }
}
