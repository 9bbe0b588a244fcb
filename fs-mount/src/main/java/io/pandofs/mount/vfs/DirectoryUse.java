package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * In which directories this mount changes names, and which of these others want too. Who changes
 * several names in a short time gets the directory's lease; while others want it as well, a lease
 * would only go back and forth, so that nobody asks for it. Thread-safe.
 */
final class DirectoryUse {

  /** So many of the directories that were used last are remembered. */
  private static final int REMEMBERED_MAX = 4096;

  /** Changes that are no further apart are of one piece of work. */
  private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * For so long after others wanted a directory it is not asked for; twice as long each time that
   * they want it again soon after. A machine that dies with the lease is waited for, too.
   */
  private static final long CONTENDED_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long CONTENDED_MAX_NANOS = TimeUnit.SECONDS.toNanos(32);

  private final Clock clock;
  private final boolean worksAhead;

  private static final class Use {
    boolean isChanged;
    long changedNanos;
    long contendedNanos;

    /** For how long it is not asked for since then; 0 if others never wanted it. */
    long pauseNanos;

    boolean isContended(long now) {
      return pauseNanos > 0 && now - contendedNanos <= pauseNanos;
    }
  }

  @GuardedBy("this")
  private final Map<InodeId, Use> uses =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<InodeId, Use> eldest) {
          return size() > REMEMBERED_MAX;
        }
      };

  /**
   * @param worksAhead whether any lease of a directory is of use
   */
  DirectoryUse(Clock clock, boolean worksAhead) {
    this.clock = clock;
    this.worksAhead = worksAhead;
  }

  /** A name is about to be changed in a directory; whether to ask for its lease. */
  synchronized boolean isWorthALease(InodeId directory) {
    Use use = uses.computeIfAbsent(directory, one -> new Use());
    long now = clock.nanoTime();
    boolean again = use.isChanged && now - use.changedNanos <= SOON_NANOS;
    use.isChanged = true;
    use.changedNanos = now;
    return worksAhead && again && !use.isContended(now);
  }

  /** Another mount wants it, or has it. */
  synchronized void contended(InodeId directory) {
    Use use = uses.computeIfAbsent(directory, one -> new Use());
    long now = clock.nanoTime();
    if (use.isContended(now)) {
      return;
    }
    boolean again = now - use.contendedNanos <= 2 * use.pauseNanos + CONTENDED_NANOS;
    use.pauseNanos =
        use.pauseNanos > 0 && again
            ? Math.min(2 * use.pauseNanos, CONTENDED_MAX_NANOS)
            : CONTENDED_NANOS;
    use.contendedNanos = now;
  }
}
