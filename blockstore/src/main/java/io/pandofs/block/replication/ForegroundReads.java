package io.pandofs.block.replication;

import java.util.concurrent.atomic.AtomicInteger;

/** How many reads of mounts are under way: repair steps back while there are any. Thread-safe. */
public final class ForegroundReads {
  private final AtomicInteger count = new AtomicInteger();

  void begin() {
    count.incrementAndGet();
  }

  void end() {
    count.decrementAndGet();
  }

  /** Zero or more. */
  public int underWay() {
    return count.get();
  }
}
