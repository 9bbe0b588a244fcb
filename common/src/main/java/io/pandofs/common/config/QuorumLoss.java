package io.pandofs.common.config;

import java.time.Duration;

/**
 * What a mount does while there is no majority (DESIGN section 1, "Never hangs for ever").
 *
 * @param patience how long a call waits for a leader before it answers EIO; zero answers at once
 */
public record QuorumLoss(Duration patience) {
  public QuorumLoss {
    if (patience.isNegative()) {
      throw new IllegalArgumentException("negative patience: " + patience);
    }
  }
}
