package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * How one handle is read, and how far ahead to read for it. The kernel sends neighbouring reads in
 * parallel, so "sequential" allows for some disorder. Thread-safe.
 */
final class ReadPattern {

  private static final long DISORDER_BYTES = 1 << 20;
  private static final int WINDOW_FIRST = 256 << 10;

  private final int windowMax;

  @GuardedBy("this")
  private long expected;

  @GuardedBy("this")
  private long aheadTo;

  @GuardedBy("this")
  private int window;

  ReadPattern(int windowMax) {
    this.windowMax = windowMax;
  }

  /**
   * Notes a read of {@code [from, to)}.
   *
   * @return up to where to read ahead, from {@code to} on; {@code to} itself for not at all
   */
  synchronized long next(long from, long to) {
    boolean sequential = Math.abs(from - expected) <= (window == 0 ? 0 : DISORDER_BYTES);
    if (!sequential) {
      window = 0;
      expected = to;
      aheadTo = to;
      return to;
    }
    expected = Math.max(expected, to);
    if (window == 0) {
      window = Math.min(WINDOW_FIRST, windowMax);
      aheadTo = to;
    }
    if (aheadTo - to > window / 2) {
      return to;
    }
    window = Math.min(window * 2, windowMax);
    aheadTo = to > Long.MAX_VALUE - window ? Long.MAX_VALUE : to + window;
    return aheadTo;
  }
}
