package io.pandofs.meta.raft;

import io.pandofs.common.time.Clock;
import java.time.Duration;

/**
 * Sees this node's log stand still: a disk that hangs gives no error, and Ratis commits nothing
 * that the leader has not synced itself, whoever else has. Then one of the others had better lead.
 * {@link #look} is called by one thread; the rest is thread-safe.
 */
final class LogStall {
  /** A disk that takes longer for one sync is worse than an election. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Log log;
  private final Clock clock;
  private final Remedy remedy;

  /** Where the log stood when it was last seen to have moved, or to be whole on the disk. */
  private volatile Place place;

  /** How often this node, leading, was found to stand at that place. */
  private int tries;

  private long triedNanos;

  private record Place(long synced, long sinceNanos) {}

  /** The log of this node. */
  interface Log {
    /** Whether this node leads, ready or not: a leader whose disk hangs may never be ready. */
    boolean isLeader();

    /** The last index that is on the disk. */
    long syncedIndex();

    /** The last index that is there at all. */
    long lastIndex();
  }

  /** What can be done. Nothing of it may block. */
  interface Remedy {
    /** Another is to lead that has more of the log than this index, up to which it is on disk. */
    void handOver(long synced);

    /** That did not help; any other is to lead. Told again and again while it does not help. */
    void stepDown(long synced);

    /** The disk has written again. */
    void over();
  }

  LogStall(Log log, Clock clock, Remedy remedy) {
    this.log = log;
    this.clock = clock;
    this.remedy = remedy;
    this.place = new Place(-1, clock.nanoTime());
    this.triedNanos = clock.nanoTime();
  }

  /** To be called each second or so. */
  void look() {
    long now = clock.nanoTime();
    long at = log.syncedIndex();
    if (at >= log.lastIndex() || at != place.synced) {
      if (tries > 1) {
        remedy.over();
      }
      place = new Place(at, now);
      tries = 0;
      triedNanos = now;
    } else if (!log.isLeader()) {
      triedNanos = now;
    } else if (now - triedNanos > PATIENCE.toNanos()) {
      triedNanos = now;
      tries++;
      if (tries == 1) {
        remedy.handOver(at);
      } else {
        remedy.stepDown(at);
      }
    }
  }

  /** For how long nothing of the log that is to be written has come to the disk. */
  Duration stands() {
    Place then = place;
    return log.syncedIndex() == then.synced && then.synced < log.lastIndex()
        ? Duration.ofNanos(Math.max(0, clock.nanoTime() - then.sinceNanos))
        : Duration.ZERO;
  }
}
