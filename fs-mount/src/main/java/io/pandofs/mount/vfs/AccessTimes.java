package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * Moves atime as relatime does (mount(8)): only if it is not after mtime and ctime, or a day old.
 * Never waited for, never fails a read; while many updates are under way the next ones are left
 * out. Thread-safe.
 */
final class AccessTimes {

  private static final long DAY_SECONDS = 24 * 60 * 60;
  private static final int IN_FLIGHT_MAX = 64;

  private final Sessions sessions;
  private final Clock clock;
  private final boolean enabled;
  private final Semaphore inFlight = new Semaphore(IN_FLIGHT_MAX);

  AccessTimes(Sessions sessions, Clock clock, boolean enabled) {
    this.sessions = sessions;
    this.clock = clock;
    this.enabled = enabled;
  }

  /** Notes that the handle's file was read when it had these attributes. */
  void read(FileHandle handle, Attributes attributes) {
    boolean left = OpenFlags.has(handle.flags(), OpenFlags.NO_ACCESS_TIME);
    if (!enabled || left || !isDue(attributes)) {
      return;
    }
    if (!handle.firstRead() || !inFlight.tryAcquire()) {
      return;
    }
    Timestamp now = clock.now();
    Operation touch = new Operation.Accessed(attributes.inode(), now);
    try {
      CompletableFuture<Void> unused =
          sessions
              .current()
              .submit(new Request(touch, Caller.ROOT, now))
              .thenAccept(reply -> inFlight.release());
    } catch (ErrnoException e) {
      inFlight.release();
      handle.readAgain(e.errno() == Errno.EIO);
    }
  }

  private boolean isDue(Attributes a) {
    return a.accessed().compareTo(a.modified()) <= 0
        || a.accessed().compareTo(a.changed()) <= 0
        || clock.now().seconds() - a.accessed().seconds() >= DAY_SECONDS;
  }
}
