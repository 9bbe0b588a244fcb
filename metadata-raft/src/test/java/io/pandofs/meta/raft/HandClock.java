package io.pandofs.meta.raft;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that moves when it is told to, and what is to run when it has. */
final class HandClock implements Clock, Timer {
  long nanos = Long.MAX_VALUE - 50;
  private final PriorityQueue<Due> due = new PriorityQueue<>(Comparator.comparingLong(Due::in));
  private final long start = nanos;

  /** Ordered by time since the start: the clock itself overflows. */
  private record Due(long in, Runnable task) {}

  @Override
  public Timestamp now() {
    return Timestamp.EPOCH;
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public void after(long delay, Runnable task) {
    due.add(new Due(nanos - start + delay, task));
  }

  void pass(long by) {
    nanos += by;
    while (!due.isEmpty() && due.peek().in() <= nanos - start) {
      due.remove().task().run();
    }
  }

  /** Moves without running anything, as for a process that is stopped. */
  void passStopped(long by) {
    nanos += by;
  }
}
