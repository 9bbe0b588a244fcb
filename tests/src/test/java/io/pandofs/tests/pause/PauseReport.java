package io.pandofs.tests.pause;

import java.time.Duration;
import java.util.List;

/**
 * What a writer saw between start and stop.
 *
 * @param acknowledged files created, written, fsynced and closed without an error
 * @param longest the longest time between two of them
 * @param longestAfter when that pause began, from the writer's start
 * @param errors calls that failed: number of the file, errno, milliseconds from the start
 * @param numbers the acknowledged files, as {@link PauseMeter#faults} takes them
 */
public record PauseReport(
    int acknowledged,
    Duration longest,
    Duration longestAfter,
    List<String> errors,
    String numbers) {
  @Override
  public String toString() {
    return "%d files acknowledged, longest pause %d ms, begun after %d ms, %d errors %s"
        .formatted(
            acknowledged,
            longest.toMillis(),
            longestAfter.toMillis(),
            errors.size(),
            errors.subList(0, Math.min(5, errors.size())));
  }
}
