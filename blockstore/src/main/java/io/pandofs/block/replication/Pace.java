package io.pandofs.block.replication;

import java.util.concurrent.TimeUnit;

/** A limit of bytes a second. Not thread-safe. */
final class Pace {
  private final long bytesPerSecond;
  private long freeAtNanos;

  Pace(long bytesPerSecond, long nowNanos) {
    this.bytesPerSecond = bytesPerSecond;
    this.freeAtNanos = nowNanos;
  }

  /** How long the next transfer must wait; zero or less when it may begin. */
  long waitNanos(long nowNanos) {
    return freeAtNanos - nowNanos;
  }

  /** Counts a transfer that begins now. */
  void took(long bytes, long nowNanos) {
    long from = freeAtNanos - nowNanos > 0 ? freeAtNanos : nowNanos;
    freeAtNanos = from + TimeUnit.SECONDS.toNanos(1) * bytes / bytesPerSecond;
  }
}
