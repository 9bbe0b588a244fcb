package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockRow;
import io.pandofs.common.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How many blocks a node needs, and of how many bytes. Counting walks over all of them, which takes
 * long when they are millions: so it is done seldom enough to cost little, and between two counts
 * what was fetched is taken off. Thread-safe; a count reads tables on its caller's thread.
 */
final class NeedCount {
  private static final int PAGE = 1024;

  /** A count is used for so many times as long as it took. */
  private static final int KEPT = 20;

  /** So few are counted each time: whether there is nothing left is told exactly. */
  private static final long FEW = 2 * PAGE;

  /**
   * Blocks that are still needed, or that have come.
   *
   * @param bytes of these
   */
  record Amount(long blocks, long bytes) {
    Amount without(Amount gone) {
      return new Amount(Math.max(0, blocks - gone.blocks), Math.max(0, bytes - gone.bytes));
    }
  }

  private record Count(
      Amount needed,
      Map<Integer, Long> byGroup,
      Amount fetchedBefore,
      long endedNanos,
      long tookNanos) {}

  private final BlockDirectory directory;
  private final RepairMeter meter;
  private final Clock clock;
  private final ReentrantLock counting = new ReentrantLock();
  private volatile @Nullable Count last;

  NeedCount(BlockDirectory directory, RepairMeter meter, Clock clock) {
    this.directory = directory;
    this.meter = meter;
    this.clock = clock;
  }

  /** How many there are by now. */
  Amount now() {
    return left(recent());
  }

  /** How many there were in each placement group that had any. */
  Map<Integer, Long> byGroup() {
    return recent().byGroup;
  }

  private Count recent() {
    Count known = last;
    return known == null || left(known).blocks() < FEW || isOld(known) ? counted(known) : known;
  }

  private boolean isOld(Count count) {
    return clock.nanoTime() - count.endedNanos > KEPT * count.tookNanos;
  }

  private Amount left(Count count) {
    return count.needed.without(meter.fetched().without(count.fetchedBefore));
  }

  /** Counts, unless somebody else does so and there is an older count. */
  private Count counted(@Nullable Count known) {
    if (known == null) {
      counting.lock();
    } else if (!counting.tryLock()) {
      return known;
    }
    try {
      Count fresh = count();
      last = fresh;
      return fresh;
    } finally {
      counting.unlock();
    }
  }

  private Count count() {
    long began = clock.nanoTime();
    Amount before = meter.fetched();
    long blocks = 0;
    long bytes = 0;
    Map<Integer, Long> byGroup = new HashMap<>();
    List<BlockRow> page = directory.neededAfter(0, PAGE);
    while (!page.isEmpty()) {
      for (BlockRow row : page) {
        blocks++;
        bytes += row.length();
        byGroup.merge(row.block().group(), 1L, Long::sum);
      }
      page = directory.neededAfter(page.get(page.size() - 1).block().value(), PAGE);
    }
    long ended = clock.nanoTime();
    return new Count(new Amount(blocks, bytes), byGroup, before, ended, ended - began);
  }
}
