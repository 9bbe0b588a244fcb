package io.pandofs.meta.raft;

import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * Sees a leader's own log stand still: a disk that hangs gives no error, and Ratis commits nothing
 * that the leader has not synced itself, whoever else has. Then one of the others had better lead.
 * Used by one thread.
 */
final class LogStall {
  /** A disk that takes longer for one sync is worse than an election. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Log log;
  private final Clock clock;
  private final LongConsumer handOver;
  private long synced = -1;
  private long sinceNanos;

  /** The log of this node. */
  interface Log {
    boolean leads();

    /** The last index that is on the disk. */
    long syncedIndex();

    /** The last index that is there at all. */
    long lastIndex();
  }

  /**
   * @param handOver told where the log stands, once in each {@link #PATIENCE}; must not block
   */
  LogStall(Log log, Clock clock, LongConsumer handOver) {
    this.log = log;
    this.clock = clock;
    this.handOver = handOver;
    this.sinceNanos = clock.nanoTime();
  }

  /** To be called each second or so. */
  void look() {
    long now = clock.nanoTime();
    long at = log.syncedIndex();
    if (!log.leads() || at >= log.lastIndex() || at != synced) {
      synced = at;
      sinceNanos = now;
    } else if (now - sinceNanos > PATIENCE.toNanos()) {
      sinceNanos = now;
      handOver.accept(at);
    }
  }
}
