package io.pandofs.common.config;

import java.time.Duration;

/**
 * When the metadata log is shortened, and what stays of it. A checkpoint of the tables is due when
 * any of the three limits is reached; entries before it are deleted, all but the last few.
 *
 * @param checkpointBytes bytes of entries
 * @param checkpointEntries number of entries
 * @param checkpointEvery time, when there is anything new
 * @param keepEntries entries before a checkpoint that stay for nodes that are a little behind
 * @param segmentBytes size of a log file; only whole files are deleted
 */
public record LogSettings(
    long checkpointBytes,
    long checkpointEntries,
    Duration checkpointEvery,
    long keepEntries,
    long segmentBytes) {
  private static final long MIB = 1L << 20;
  private static final long ENTRIES_MAX = 100_000_000;

  static final LogSettings DEFAULT =
      new LogSettings(256 * MIB, 100_000, Duration.ofMinutes(10), 256, 16 * MIB);

  static LogSettings read(ConfigTable table) throws ConfigException {
    Duration every = table.duration("log.checkpoint_every", DEFAULT.checkpointEvery);
    if (every.compareTo(Duration.ofSeconds(1)) < 0) {
      throw table.failure("log.checkpoint_every", "must be at least 1s");
    }
    return new LogSettings(
        table.size("log.checkpoint_bytes", DEFAULT.checkpointBytes, MIB, 16 * 1024 * MIB),
        table.number("log.checkpoint_entries", DEFAULT.checkpointEntries, 1, ENTRIES_MAX),
        every,
        table.number("log.keep_entries", DEFAULT.keepEntries, 0, ENTRIES_MAX),
        table.size("log.segment_bytes", DEFAULT.segmentBytes, MIB, 64 * MIB));
  }
}
