package io.pandofs.tools.node;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until a test moves it. */
final class HandClock implements Clock {
  private final AtomicLong nanos = new AtomicLong();

  void advance(Duration by) {
    nanos.addAndGet(by.toNanos());
  }

  @Override
  public Timestamp now() {
    return new Timestamp(nanos.get() / 1_000_000_000, (int) (nanos.get() % 1_000_000_000));
  }

  @Override
  public long nanoTime() {
    return nanos.get();
  }
}
