package io.pandofs.meta.raft;

import java.time.Duration;

/**
 * Whether one node confirms what is applied about as soon as most do, and may hold a freshness
 * lease therefore. Every change waits for each holder, so one whose disk or line is slow would set
 * the pace of all. It gets no lease for a while then, and its readers ask the leader instead.
 *
 * <p>One index is timed, from when a majority of the nodes has confirmed it, so that what holds up
 * the leader, or everybody, is nobody's lateness. A node that goes on being late stays without a
 * lease; one that is late soon after it had one again stays without for twice as long. Times are
 * nanoseconds of one clock. Not thread-safe.
 */
final class ConfirmPace {
  static final Duration BARRED_MIN = Duration.ofSeconds(1);
  static final Duration BARRED_MAX = Duration.ofSeconds(32);

  /**
   * Who was in time for so many times as long as it was barred, and so often, is as one who never
   * was late. It is not seen to be late while there is nothing to confirm.
   */
  static final int FORGOTTEN_AFTER = 4;

  private static final long NONE = -1;

  private final long lateNanos;
  private long index = NONE;
  private long sinceNanos;
  private long barredUntil;
  private long barNanos;
  private int timesInTime;

  /**
   * @param lateNanos who confirms an index later than this after a majority has is late
   */
  ConfirmPace(long lateNanos) {
    this.lateNanos = lateNanos;
  }

  /** A majority has confirmed this by now, and the node has not. */
  void expect(long confirmed, long now) {
    if (index == NONE) {
      index = confirmed;
      sinceNanos = now;
    }
  }

  /**
   * The node has confirmed everything up to here.
   *
   * @return for how long it is barred now that it was not before; 0 if it is as it was
   */
  long confirmed(long upTo, long now) {
    if (index == NONE || upTo < index) {
      return 0;
    }
    index = NONE;
    if (now - sinceNanos > lateNanos) {
      return bar(now);
    }
    timesInTime++;
    return 0;
  }

  /** Nothing is expected of it: the node wants no lease. */
  void pardon() {
    index = NONE;
  }

  private long bar(long now) {
    boolean anew = barNanos == 0 || now >= barredUntil;
    boolean forgotten =
        timesInTime >= FORGOTTEN_AFTER && now - barredUntil > FORGOTTEN_AFTER * barNanos;
    timesInTime = 0;
    if (barNanos == 0 || forgotten) {
      barNanos = BARRED_MIN.toNanos();
    } else if (now >= barredUntil) {
      barNanos = Math.min(2 * barNanos, BARRED_MAX.toNanos());
    }
    barredUntil = now + barNanos;
    return anew ? barNanos : 0;
  }

  /** Whether the node may be granted a lease, or have it prolonged. */
  boolean keepsUp(long now) {
    boolean late = index != NONE && now - sinceNanos > lateNanos;
    return !late && (barNanos == 0 || now >= barredUntil);
  }
}
