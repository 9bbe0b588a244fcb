package io.pandofs.meta.raft;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Sees this leader's disk keep the others waiting: Ratis commits nothing that the leader has not
 * synced itself, so what a majority of the others has could be committed already if one of them
 * led. Such a disk works, and {@link LogStall} has nothing to say of it. {@link #look} is called by
 * one thread, {@link #EVERY}.
 */
final class LogDelay {
  static final Duration EVERY = Duration.ofMillis(50);

  /**
   * Of the looks, one in three may find this node late, which takes as long a delay again as there
   * is between two of them; when it is more often, this is reached in 5 to 30 s or so.
   */
  private static final int LIMIT = 200;

  private static final int LATE_COUNTS = 2;
  private static final long NOTHING = -1;

  private final LogStall.Log log;
  private final LongSupplier othersHave;
  private final Runnable remedy;

  /** What enough others had at the last look, and this node had not. */
  private long expected = NOTHING;

  private int score;

  /**
   * @param othersHave the last index that could be committed without this node; -1 for none
   * @param remedy has another node lead; does not block
   */
  LogDelay(LogStall.Log log, LongSupplier othersHave, Runnable remedy) {
    this.log = log;
    this.othersHave = othersHave;
    this.remedy = remedy;
  }

  void look() {
    long synced = log.syncedIndex();
    boolean late = expected > synced;
    score = Math.max(0, score + (late ? LATE_COUNTS : -1));
    boolean waits = synced < log.lastIndex() && log.isLeader();
    long others = waits ? othersHave.getAsLong() : NOTHING;
    expected = others > synced ? others : NOTHING;
    if (score >= LIMIT) {
      score = 0;
      remedy.run();
    }
  }
}
