package io.pandofs.meta.raft;

import java.time.Duration;

/**
 * When checkpoints are taken, and what stays of the log and of them.
 *
 * @param checkpointEntries a checkpoint is due after so many entries
 * @param checkpointBytes or after so many bytes of entries
 * @param checkpointEvery or after so long, if there is anything new
 * @param checkpointsKept older ones are deleted
 * @param entriesKept entries below a checkpoint that stay for peers that are a little behind
 * @param segmentBytes size of a log file; only whole files are purged
 */
public record LogLimits(
    long checkpointEntries,
    long checkpointBytes,
    Duration checkpointEvery,
    int checkpointsKept,
    long entriesKept,
    long segmentBytes) {

  public static final LogLimits DEFAULT =
      new LogLimits(100_000, 256L << 20, Duration.ofMinutes(10), 2, 256, 16L << 20);

  public LogLimits {
    if (checkpointEntries < 1 || checkpointsKept < 1 || entriesKept < 0 || segmentBytes < 4096) {
      throw new IllegalArgumentException("limits of the log out of range");
    }
  }
}
