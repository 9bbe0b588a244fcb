package io.pandofs.tools.node;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits where nobody tells when there is something to see, or to keep to a pace. */
final class Pause {
  private Pause() {}

  static void ofMillis(long millis) throws InterruptedException {
    ofNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  static void ofNanos(long nanos) throws InterruptedException {
    if (new CountDownLatch(1).await(nanos, TimeUnit.NANOSECONDS)) {
      throw new IllegalStateException("nobody counts down");
    }
  }
}
