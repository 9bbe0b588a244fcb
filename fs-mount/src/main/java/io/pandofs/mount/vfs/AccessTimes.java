package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Timestamp;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Moves atime when a file, a directory or a symlink is read, as mount(8) says of the mount's rule.
 * Never waited for, never fails a read; while many updates are under way the next ones are left
 * out. Thread-safe.
 */
final class AccessTimes {

  private static final long DAY_SECONDS = 24 * 60 * 60;
  private static final int IN_FLIGHT_MAX = 64;

  private final Sessions sessions;
  private final Coherence coherence;
  private final Clock clock;
  private final AccessTime rule;
  private final Semaphore inFlight = new Semaphore(IN_FLIGHT_MAX);

  AccessTimes(Sessions sessions, Coherence coherence, Clock clock, AccessTime rule) {
    this.sessions = sessions;
    this.coherence = coherence;
    this.clock = clock;
    this.rule = rule;
  }

  /**
   * Notes that an inode was read when it had these attributes.
   *
   * @param read whether that was noted for this handle; one with O_NOATIME has it true from the
   *     start
   */
  void read(Attributes attributes, AtomicBoolean read) {
    if (read.get() || !isDue(attributes)) {
      return;
    }
    if (!read.compareAndSet(false, true) || !inFlight.tryAcquire()) {
      return;
    }
    Timestamp now = clock.now();
    Operation touch = new Operation.Accessed(attributes.inode(), now);
    try {
      CompletableFuture<Void> unused =
          coherence
              .send(sessions.current(), new Request(touch, Caller.ROOT, now))
              .thenAccept(reply -> inFlight.release());
    } catch (ErrnoException e) {
      inFlight.release();
      read.set(e.errno() != Errno.EIO);
    }
  }

  private boolean isDue(Attributes a) {
    return switch (rule) {
      case NOATIME -> false;
      case STRICTATIME -> true;
      case RELATIME -> isOld(a);
    };
  }

  private boolean isOld(Attributes a) {
    Timestamp now = clock.now();
    boolean inFuture = a.modified().compareTo(now) > 0 || a.changed().compareTo(now) > 0;
    if (inFuture && now.seconds() - a.accessed().seconds() <= 1) {
      return false; // it would be due with each read until then
    }
    return a.accessed().compareTo(a.modified()) <= 0
        || a.accessed().compareTo(a.changed()) <= 0
        || now.seconds() - a.accessed().seconds() >= DAY_SECONDS;
  }
}
