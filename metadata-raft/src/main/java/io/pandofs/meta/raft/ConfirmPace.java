package io.pandofs.meta.raft;

import java.time.Duration;

/**
 * How soon one node confirms what the leader has applied, and whether it may hold a freshness lease
 * therefore. Every change waits for each holder, so one whose disk or line is slow would set the
 * pace of all. It gets no lease for a while then, and its readers ask the leader instead.
 *
 * <p>One entry is timed, then the next one. A node that goes on being late stays without a lease;
 * one that is late again soon after it had one again stays without for twice as long. Times are
 * nanoseconds of one clock. Not thread-safe.
 */
final class ConfirmPace {
  static final Duration BARRED_MIN = Duration.ofSeconds(1);
  static final Duration BARRED_MAX = Duration.ofSeconds(32);

  /** Who was not late for so long is as one who never was. */
  static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(1);

  private static final long NONE = -1;

  private final long lateNanos;
  private long index = NONE;
  private long sinceNanos;
  private long barredUntil;
  private long barNanos;

  /**
   * @param lateNanos who confirms later than this after the leader has applied an entry is late
   */
  ConfirmPace(long lateNanos) {
    this.lateNanos = lateNanos;
  }

  /** The leader has applied this, and the node has not confirmed it yet. */
  void expect(long applied, long now) {
    if (index == NONE) {
      index = applied;
      sinceNanos = now;
    }
  }

  /** The node has confirmed everything up to here. */
  void confirmed(long upTo, long now) {
    if (index == NONE || upTo < index) {
      return;
    }
    index = NONE;
    if (now - sinceNanos > lateNanos) {
      bar(now);
    }
  }

  /** Nothing is to be confirmed: the node wants no lease. */
  void pardon() {
    index = NONE;
  }

  private void bar(long now) {
    if (barNanos == 0 || now - barredUntil > FORGOTTEN_AFTER.toNanos()) {
      barNanos = BARRED_MIN.toNanos();
    } else if (now >= barredUntil) {
      barNanos = Math.min(2 * barNanos, BARRED_MAX.toNanos());
    }
    barredUntil = now + barNanos;
  }

  /** Whether the node may be granted a lease, or have it prolonged. */
  boolean keepsUp(long now) {
    boolean late = index != NONE && now - sinceNanos > lateNanos;
    return !late && (barNanos == 0 || now >= barredUntil);
  }
}
