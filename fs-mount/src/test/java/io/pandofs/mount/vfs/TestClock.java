package io.pandofs.mount.vfs;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves when it is told to. Thread-safe. */
public final class TestClock implements Clock {

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 50);

  private final AtomicLong looks = new AtomicLong();

  /** How often somebody has looked at it. */
  long looks() {
    return looks.get();
  }

  public void pass(Duration by) {
    nanos.addAndGet(by.toNanos());
  }

  @Override
  public Timestamp now() {
    return Timestamp.EPOCH;
  }

  @Override
  public long nanoTime() {
    looks.incrementAndGet();
    return nanos.get();
  }
}
