package io.pandofs.mount.vfs;

import java.util.ArrayList;
import java.util.List;

/** The parts of a range that a reader still has to fill. Not thread-safe. */
final class Gaps {

  private final long from;
  private long to;
  private List<Gap> gaps = new ArrayList<>();

  /** A part not filled yet: {@code [from, to)} of the file. */
  record Gap(long from, long to) {}

  Gaps(long from, long to) {
    this.from = from;
    this.to = to;
    if (from < to) {
      gaps.add(new Gap(from, to));
    }
  }

  long from() {
    return from;
  }

  long to() {
    return to;
  }

  boolean isEmpty() {
    return gaps.isEmpty();
  }

  List<Gap> list() {
    return gaps;
  }

  /** Takes {@code [start, end)} out. */
  void cover(long start, long end) {
    List<Gap> left = new ArrayList<>(gaps.size() + 1);
    for (Gap gap : gaps) {
      if (gap.to <= start || gap.from >= end) {
        left.add(gap);
        continue;
      }
      if (gap.from < start) {
        left.add(new Gap(gap.from, start));
      }
      if (gap.to > end) {
        left.add(new Gap(end, gap.to));
      }
    }
    gaps = left;
  }

  /** Ends the range earlier. */
  void cutAt(long end) {
    if (end < to) {
      cover(end, to);
      to = end;
    }
  }
}
