package io.pandofs.tools.bench;

import java.util.Arrays;

/**
 * A measured row.
 *
 * @param rate in the row's unit
 * @param p50Nanos how long one operation took at the median; 0 where that says nothing
 * @param p99Nanos the same for 99 of 100
 */
record Figure(double rate, long p50Nanos, long p99Nanos) {

  /** Of what was done in so many nanoseconds together, each in so many. */
  static Figure of(double done, long nanos, long[] each) {
    long[] sorted = each.clone();
    Arrays.sort(sorted);
    double seconds = Math.max(nanos, 1) / 1e9;
    return sorted.length == 0
        ? new Figure(done / seconds, 0, 0)
        : new Figure(done / seconds, at(sorted, 50), at(sorted, 99));
  }

  private static long at(long[] sorted, int percent) {
    return sorted[(int) ((sorted.length - 1) * (long) percent / 100)];
  }
}
