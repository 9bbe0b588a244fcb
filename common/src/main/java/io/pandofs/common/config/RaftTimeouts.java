package io.pandofs.common.config;

import java.time.Duration;

/** A follower that hears nothing for a random time between the two calls an election. */
public record RaftTimeouts(Duration min, Duration max) {
  static final RaftTimeouts DEFAULT =
      new RaftTimeouts(Duration.ofMillis(500), Duration.ofMillis(1000));
  private static final Duration SHORTEST = Duration.ofMillis(50);

  static RaftTimeouts read(ConfigTable table) throws ConfigException {
    Duration min = table.duration("raft.timeout_min", DEFAULT.min);
    Duration max = table.duration("raft.timeout_max", DEFAULT.max);
    if (min.compareTo(SHORTEST) < 0) {
      throw table.failure("raft.timeout_min", "must be at least " + SHORTEST.toMillis() + "ms");
    }
    if (max.compareTo(min) <= 0) {
      throw table.failure("raft.timeout_max", "must be more than raft.timeout_min");
    }
    return new RaftTimeouts(min, max);
  }
}
