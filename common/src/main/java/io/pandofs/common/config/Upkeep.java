package io.pandofs.common.config;

import java.time.Duration;

/**
 * How fast a node mends and checks its blocks.
 *
 * @param repairBytesPerSecond how fast missing blocks are fetched from other nodes at most
 * @param scrubBytesPerSecond how fast stored blocks are read and checked at most
 * @param scrubEvery within which time every stored block is checked once
 */
public record Upkeep(long repairBytesPerSecond, long scrubBytesPerSecond, Duration scrubEvery) {
  private static final long MIB = 1L << 20;
  private static final long MAX = 64 * 1024 * MIB;
  private static final Duration SHORTEST = Duration.ofSeconds(1);

  static final Upkeep DEFAULT = new Upkeep(128 * MIB, 64 * MIB, Duration.ofDays(14));

  static Upkeep read(ConfigTable table) throws ConfigException {
    Duration every = table.duration("scrub.every", DEFAULT.scrubEvery);
    if (every.compareTo(SHORTEST) < 0) {
      throw table.failure("scrub.every", "must be at least 1s");
    }
    return new Upkeep(
        table.size("repair.bytes_per_second", DEFAULT.repairBytesPerSecond, MIB, MAX),
        table.size("scrub.bytes_per_second", DEFAULT.scrubBytesPerSecond, MIB, MAX),
        every);
  }
}
