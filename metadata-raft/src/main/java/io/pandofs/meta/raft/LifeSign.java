package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.time.Clock;

/**
 * Whether a session surely lives, as far as its own node can know (PROTOCOL rule 7). It does not
 * before its first renewal was answered, nor after its deadline, counted from before the last
 * renewal was sent that the leader answered as one of a session it knows. An answer that the
 * session is not known, or is being expired, counts at once: what it held may be another's before
 * the entry that ends it is applied here. Thread-safe.
 */
final class LifeSign {
  private final Clock clock;
  private final long lifeNanos;

  /** Whether the newest answer, by when its question was sent, was that the session is known. */
  @GuardedBy("this")
  private boolean known;

  @GuardedBy("this")
  private boolean heard;

  @GuardedBy("this")
  private long sentNanos;

  @GuardedBy("this")
  private boolean over;

  /**
   * @param lifeNanos how long after a renewal was sent the session surely lives
   */
  LifeSign(Clock clock, long lifeNanos) {
    this.clock = clock;
    this.lifeNanos = lifeNanos;
  }

  /** A leader has answered a renewal of this session that was sent at this time. */
  synchronized void answered(long sent, boolean isKnown) {
    if (heard && (sent - sentNanos < 0 || (sent == sentNanos && !known))) {
      return;
    }
    heard = true;
    sentNanos = sent;
    known = isKnown;
  }

  /** The session has ended in this node's tables: for good. */
  synchronized void over() {
    over = true;
  }

  synchronized boolean surelyLives() {
    return known && !over && clock.nanoTime() - sentNanos < lifeNanos;
  }
}
