package io.pandofs.meta.raft;

import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import org.slf4j.Logger;

/**
 * Log lines that strangers can cause: a few every ten seconds, the rest is counted. Thread-safe.
 */
final class RefusalLog {
  private static final int LINES = 5;
  private static final long EVERY_NANOS = 10_000_000_000L;

  private final Logger log;
  private final Clock clock = new SystemClock();
  private long since;
  private int lines;

  RefusalLog(Logger log) {
    this.log = log;
    this.since = clock.nanoTime();
  }

  synchronized void warn(String line) {
    long now = clock.nanoTime();
    if (now - since > EVERY_NANOS) {
      if (lines > LINES) {
        log.warn("and {} more such lines", lines - LINES);
      }
      since = now;
      lines = 0;
    }
    if (++lines <= LINES) {
      log.warn(line);
    }
  }
}
