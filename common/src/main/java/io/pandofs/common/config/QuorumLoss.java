package io.pandofs.common.config;

import java.time.Duration;

/**
 * What a mount does while there is no majority (PROTOCOL rule 20).
 *
 * @param mode how calls are answered
 * @param limit with {@link Mode#WAIT}, for how long calls wait for a majority that is gone; when it
 *     has been gone for so long they answer EIO at once. Else zero
 */
public record QuorumLoss(Mode mode, Duration limit) {
  /** An election is no loss of the majority: every call waits for one. */
  private static final Duration ELECTION = Duration.ofSeconds(2);

  /** By then it is known whether the majority is gone, or only the leader. */
  private static final Duration KNOWN = Duration.ofSeconds(7);

  /** How calls are answered while the majority is known to be gone. */
  public enum Mode {
    /** They wait for a time; after that with EIO. */
    WAIT,
    /** At once with EIO. */
    ERROR,
    /** Reading calls from what this node has, an old but consistent state; others with EROFS. */
    READ_ONLY
  }

  public static final QuorumLoss ERROR = new QuorumLoss(Mode.ERROR, Duration.ZERO);
  public static final QuorumLoss READ_ONLY = new QuorumLoss(Mode.READ_ONLY, Duration.ZERO);

  public QuorumLoss {
    if (limit.isNegative()) {
      throw new IllegalArgumentException("negative limit: " + limit);
    }
  }

  public static QuorumLoss waiting(Duration limit) {
    return new QuorumLoss(Mode.WAIT, limit);
  }

  /** How long a call waits for a leader while it is not known that the majority is gone. */
  public Duration patience() {
    return switch (mode) {
      case WAIT -> limit.compareTo(ELECTION) < 0 ? ELECTION : limit;
      case ERROR -> ELECTION;
      case READ_ONLY -> KNOWN;
    };
  }
}
