package io.pandofs.mount.fuse.jnr;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.time.SystemClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where a callback's outcome becomes the kernel's number. jnr-fuse answers success
 * when a callback throws, so nothing may get past this.
 */
final class Guard {

  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  /** Whoever gets EIO finds the reason in the log. */
  private static final LimitedLog FAULTS = new LimitedLog(LOG, new SystemClock());

  private Guard() {}

  /** A callback's work; its result is 0, or a count. */
  @FunctionalInterface
  interface Call {
    int run() throws ErrnoException;
  }

  @SuppressWarnings("CatchAndPrintStackTrace")
  static int call(String operation, @Nullable String path, Call call) {
    try {
      return call.run();
    } catch (ErrnoException e) {
      LOG.trace("{} {}: {}", operation, path, e.errno());
      Errno told = e.errno().told();
      if (told == Errno.EIO) {
        FAULTS.warn(operation + " " + path + ": " + e.getMessage());
      }
      return -told.number();
    } catch (Throwable e) {
      LOG.error("{} {} failed", operation, path, e);
      return -Errno.EIO.number();
    }
  }
}
