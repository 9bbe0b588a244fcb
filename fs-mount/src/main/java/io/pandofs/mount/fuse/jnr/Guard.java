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

  /** How often a path is resolved because what it led to was gone a moment later. */
  private static final int LOOKS_MAX = 8;

  private Guard() {}

  /** A callback's work; its result is 0, or a count. */
  @FunctionalInterface
  interface Call {
    int run() throws ErrnoException;
  }

  /**
   * As {@link #call}, for one that resolves the path. Between that and its use the file may have
   * been replaced from another mount: the path means the new one then, and a program has no
   * business with ESTALE. (The kernel itself looks a second time, which one that is replaced again
   * and again outruns.) Whoever is told ESTALE has changed nothing, so that the call may begin
   * anew.
   */
  static int callOn(String operation, String path, Call call) {
    return call(
        operation,
        path,
        () -> {
          for (int look = 1; ; look++) {
            try {
              return call.run();
            } catch (ErrnoException e) {
              if (e.errno() != Errno.ESTALE || look == LOOKS_MAX) {
                throw e;
              }
            }
          }
        });
  }

  @SuppressWarnings("CatchAndPrintStackTrace")
  static int call(String operation, @Nullable String path, Call call) {
    try {
      return call.run();
    } catch (ErrnoException e) {
      LOG.trace("{} {}: {}", operation, path, e.errno());
      if (e.errno() == Errno.EIO) {
        FAULTS.warn(operation + " " + path + ": " + e.getMessage());
      }
      return -e.errno().number();
    } catch (Throwable e) {
      LOG.error("{} {} failed", operation, path, e);
      return -Errno.EIO.number();
    }
  }
}
