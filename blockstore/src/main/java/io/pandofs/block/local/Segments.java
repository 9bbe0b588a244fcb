package io.pandofs.block.local;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Table {@code segments} in memory, with its sums and the source of new numbers. Changed by the
 * committer alone, after the same change is on stable storage; read by any thread.
 */
final class Segments {
  private final NavigableMap<Long, SegmentRow> rows = new ConcurrentSkipListMap<>();
  private final AtomicLong next;
  private final AtomicLong blocks = new AtomicLong();
  private final AtomicLong liveBytes = new AtomicLong();

  /**
   * @param next a number over every one that ever named a segment
   */
  Segments(Map<Long, SegmentRow> loaded, long next) {
    this.next = new AtomicLong(next);
    loaded.forEach(this::set);
  }

  SegmentRow get(long segment) {
    return rows.getOrDefault(segment, SegmentRow.EMPTY);
  }

  void set(long segment, SegmentRow row) {
    SegmentRow before = rows.put(segment, row);
    add(row, before == null ? SegmentRow.EMPTY : before);
  }

  void remove(long segment) {
    SegmentRow before = rows.remove(segment);
    if (before != null) {
      add(SegmentRow.EMPTY, before);
    }
  }

  private void add(SegmentRow now, SegmentRow before) {
    blocks.addAndGet(now.blocks() - before.blocks());
    liveBytes.addAndGet(now.live() - before.live());
  }

  long takeNumber() {
    return next.getAndIncrement();
  }

  /** The number after the last one taken. */
  long nextNumber() {
    return next.get();
  }

  long blocks() {
    return blocks.get();
  }

  long liveBytes() {
    return liveBytes.get();
  }

  /** In order of number; weakly consistent. The table of small blocks is among them. */
  Set<Map.Entry<Long, SegmentRow>> all() {
    return rows.entrySet();
  }
}
