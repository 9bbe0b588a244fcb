package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows whether this node still hears of a majority: whether a leader answers it. The leader is
 * asked every second in any case, to renew the sessions; a leader that lost its majority steps down
 * and then answers no more. An election is no loss: only silence for longer than one lasts, seen
 * twice in a row, so that a process that was stopped asks once more first. Thread-safe.
 */
final class QuorumWatch {
  private static final Logger LOG = LoggerFactory.getLogger(QuorumWatch.class);
  private static final Duration SILENCE = Duration.ofSeconds(3);
  private static final int LOOKS = 2;

  private final Clock clock;

  @GuardedBy("this")
  private long heardNanos;

  @GuardedBy("this")
  private int silentLooks;

  private volatile boolean lost;

  QuorumWatch(Clock clock) {
    this.clock = clock;
    this.heardNanos = clock.nanoTime();
  }

  /** A leader has answered. */
  void heard() {
    long silent;
    boolean wasLost;
    synchronized (this) {
      long now = clock.nanoTime();
      silent = now - heardNanos;
      heardNanos = now;
      silentLooks = 0;
      wasLost = lost;
      lost = false;
    }
    if (wasLost) {
      LOG.info("a majority is back after {} s", Duration.ofNanos(silent).toSeconds());
    }
  }

  /** Called every second. */
  void look() {
    boolean fresh = false;
    synchronized (this) {
      if (clock.nanoTime() - heardNanos > SILENCE.toNanos()) {
        silentLooks++;
        fresh = silentLooks == LOOKS;
        lost = silentLooks >= LOOKS;
      }
    }
    if (fresh) {
      LOG.warn("no majority: no leader answers; mounts go on as quorum_loss says");
    }
  }

  /** Whether the majority is known to be gone. */
  boolean isLost() {
    return lost;
  }

  /** How long no leader has answered; zero while the majority is not known to be gone. */
  Duration lostFor() {
    if (!lost) {
      return Duration.ZERO; // every call of a mount comes here
    }
    synchronized (this) {
      return Duration.ofNanos(Math.max(1, clock.nanoTime() - heardNanos));
    }
  }
}
