package io.pandofs.meta.raft;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Sees this leader's disk keep the others waiting: Ratis commits nothing that the leader has not
 * synced itself, so what enough of the others have could be committed already if one of them led.
 * Such a disk works; of one that hangs {@link LogStall} takes care. {@link #look} is called by one
 * thread, {@link #EVERY}.
 */
final class LogDelay {
  static final Duration EVERY = Duration.ofMillis(50);

  /**
   * A look that finds this node late counts two, any other minus one. So this is reached only if
   * more than one look in three does: after 5 s if all do, after 20 s if half of them do.
   */
  private static final int LIMIT = 200;

  private static final int LATE_COUNTS = 2;

  /** A log that stands for so long hangs. */
  static final Duration HANGS_AFTER = Duration.ofSeconds(1);

  /**
   * So many looks nothing is done after the remedy, and each time for twice as long: a node may be
   * slow because it leads, and so would be the next one.
   */
  static final int PAUSE_LEAST = 1200;

  private static final int DOUBLINGS_MAX = 6;
  private static final long NOTHING = -1;

  private final LogStall.Log log;
  private final Supplier<Duration> stands;
  private final LongSupplier othersHave;
  private final Runnable remedy;

  /** What enough others had at the last look, and this node had not. */
  private long expected = NOTHING;

  private int score;
  private int remedies;
  private int pause;

  /**
   * @param stands see {@link LogStall#stands}
   * @param othersHave the last index that could be committed without this node; -1 for none
   * @param remedy has another node lead; does not block
   */
  LogDelay(LogStall.Log log, Supplier<Duration> stands, LongSupplier othersHave, Runnable remedy) {
    this.log = log;
    this.stands = stands;
    this.othersHave = othersHave;
    this.remedy = remedy;
  }

  void look() {
    if (pause > 0) {
      pause--;
      return;
    }
    long synced = log.syncedIndex();
    boolean late = expected > synced && stands.get().compareTo(HANGS_AFTER) < 0;
    score = Math.max(0, score + (late ? LATE_COUNTS : -1));
    boolean waits = synced < log.lastIndex() && log.isLeader();
    long others = waits ? othersHave.getAsLong() : NOTHING;
    expected = others > synced ? others : NOTHING;
    if (score >= LIMIT) {
      score = 0;
      pause = PAUSE_LEAST << Math.min(remedies++, DOUBLINGS_MAX);
      remedy.run();
    }
  }
}
