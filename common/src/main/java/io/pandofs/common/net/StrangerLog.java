package io.pandofs.common.net;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;

/**
 * Log lines that strangers can cause: a few every ten seconds, the rest is counted. Thread-safe.
 */
final class StrangerLog {
  private static final int LINES = 5;
  private static final int EVERY_SECONDS = 10;

  private final Logger log;
  private final EventExecutor timer;
  private final AtomicInteger lines = new AtomicInteger();

  StrangerLog(Logger log, EventExecutor timer) {
    this.log = log;
    this.timer = timer;
  }

  void warn(String line) {
    int number = lines.incrementAndGet();
    if (number == 1) {
      try {
        var unused = timer.schedule(this::begin, EVERY_SECONDS, TimeUnit.SECONDS);
      } catch (RejectedExecutionException e) {
        lines.set(0); // the threads are ending
      }
    }
    if (number <= LINES) {
      log.warn(line);
    }
  }

  private void begin() {
    int before = lines.getAndSet(0);
    if (before > LINES) {
      log.warn("and {} more such lines in {} s", before - LINES, EVERY_SECONDS);
    }
  }
}
