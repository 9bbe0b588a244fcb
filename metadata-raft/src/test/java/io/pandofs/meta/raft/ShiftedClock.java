package io.pandofs.meta.raft;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;

/** A clock that is wrong by so many milliseconds. */
final class ShiftedClock implements Clock {
  private final Clock right = new SystemClock();
  private volatile long millis;

  ShiftedClock(long millis) {
    this.millis = millis;
  }

  /** The wall clock is wrong by so much from now on. */
  void shift(long byMillis) {
    millis = byMillis;
  }

  @Override
  public Timestamp now() {
    Timestamp now = right.now();
    return new Timestamp(now.seconds() + Math.floorDiv(millis, 1000), now.nanos());
  }

  @Override
  public long nanoTime() {
    return right.nanoTime();
  }
}
