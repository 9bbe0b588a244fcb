package io.pandofs.common;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.time.Clock;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * Log lines that others can cause as often as they like, strangers above all: a few every ten
 * seconds, the rest is counted and told with a later line. Thread-safe.
 */
public final class LimitedLog {
  private static final int LINES = 5;
  private static final long EVERY_NANOS = 10_000_000_000L;

  private final Logger log;
  private final Clock clock;

  @GuardedBy("this")
  private long since;

  @GuardedBy("this")
  private int lines;

  public LimitedLog(Logger log, Clock clock) {
    this.log = log;
    this.clock = clock;
    this.since = clock.nanoTime();
  }

  public synchronized void warn(String line) {
    long now = clock.nanoTime();
    if (now - since > EVERY_NANOS) {
      if (lines > LINES) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(now - since);
        log.warn(
            "{} more lines of this kind in the last {} s were left out", lines - LINES, seconds);
      }
      since = now;
      lines = 0;
    }
    if (++lines <= LINES) {
      log.warn(line);
    }
  }
}
