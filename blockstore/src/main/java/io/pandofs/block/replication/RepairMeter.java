package io.pandofs.block.replication;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * How fast missing blocks arrive, and how long the rest will take. Thread-safe.
 *
 * <p>The rate is that of the last minute while there was something to fetch. A block costs its
 * bytes and, whatever its size, about as much time as {@link #BLOCK_COST_BYTES} more: so a set of a
 * few large blocks and then many small ones is estimated well before the small ones begin.
 */
final class RepairMeter {
  static final long BLOCK_COST_BYTES = 128 << 10;
  private static final long WINDOW_NANOS = Duration.ofSeconds(60).toNanos();
  private static final long STEP_NANOS = Duration.ofMillis(250).toNanos();
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private record Sample(long atNanos, long blocks, long bytes) {}

  @GuardedBy("this")
  private final Deque<Sample> window = new ArrayDeque<>();

  @GuardedBy("this")
  private long blocks;

  @GuardedBy("this")
  private long bytes;

  @GuardedBy("this")
  private long roundBlocks;

  @GuardedBy("this")
  private long roundBytes;

  /** There is something to fetch, and it is being fetched. */
  synchronized void busy(long nowNanos) {
    if (window.isEmpty()) {
      roundBlocks = 0;
      roundBytes = 0;
      window.add(new Sample(nowNanos, blocks, bytes));
    }
  }

  /** A block has arrived. */
  synchronized void fetched(int length, long nowNanos) {
    busy(nowNanos);
    blocks++;
    bytes += length;
    roundBlocks++;
    roundBytes += length;
    if (nowNanos - window.getLast().atNanos() >= STEP_NANOS) {
      window.add(new Sample(nowNanos, blocks, bytes));
    }
    while (window.size() > 1 && nowNanos - window.getFirst().atNanos() > WINDOW_NANOS) {
      window.removeFirst();
    }
  }

  /** Nothing is left to fetch. */
  synchronized void idle() {
    window.clear();
  }

  /** Since the start. */
  synchronized NeedCount.Amount fetched() {
    return new NeedCount.Amount(blocks, bytes);
  }

  /** Tells of it, given what is still needed. */
  synchronized Keeper.Progress progress(long needBlocks, long needBytes, long nowNanos) {
    Sample from = window.peekFirst();
    double seconds = from == null ? 0 : (nowNanos - from.atNanos()) / NANOS_PER_SECOND;
    double byteRate = 0;
    double costRate = 0;
    if (from != null && seconds > 0) {
      byteRate = (bytes - from.bytes()) / seconds;
      costRate = cost(blocks - from.blocks(), bytes - from.bytes()) / seconds;
    }
    long eta = needBlocks == 0 ? 0 : -1;
    if (needBlocks > 0 && costRate > 0) {
      eta = Math.max(1, Math.round(cost(needBlocks, needBytes) / costRate));
    }
    return new Keeper.Progress(
        needBlocks, needBytes, blocks, bytes, roundBlocks, roundBytes, (long) byteRate, eta);
  }

  private static double cost(long blocks, long bytes) {
    return (double) bytes + (double) blocks * BLOCK_COST_BYTES;
  }
}
