package io.pandofs.common.time;

import io.pandofs.common.TheOnePlace;
import io.pandofs.common.Timestamp;
import java.time.Instant;

/** The machine's clock. */
@TheOnePlace("time")
public final class SystemClock implements Clock {
  @Override
  public Timestamp now() {
    Instant now = Instant.now();
    return new Timestamp(now.getEpochSecond(), now.getNano());
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }
}
