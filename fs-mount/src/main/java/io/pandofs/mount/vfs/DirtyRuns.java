package io.pandofs.mount.vfs;

import io.pandofs.meta.NewBlock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was written to a file since the last seal. Runs never overlap and never cross a multiple of
 * the block size, so that a sequential writer makes whole blocks; a byte written twice is
 * overwritten in place. Not thread-safe.
 */
final class DirtyRuns {

  private static final long WINDOW = NewBlock.BYTES_MAX;

  private final BufferPool pool;
  private NavigableMap<Long, Run> runs = new TreeMap<>();
  private long bytes;
  private long capacity;
  private long sequentialEnd = -1;
  private boolean filledWindow;

  DirtyRuns(BufferPool pool) {
    this.pool = pool;
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** Bytes written, each place counted once. */
  long bytes() {
    return bytes;
  }

  /** Bytes of the buffers in use. */
  long capacity() {
    return capacity;
  }

  /** Whether a write since the last seal came to the end of a window. */
  boolean filledWindow() {
    return filledWindow;
  }

  /** The end of the last run; 0 if there is none. */
  long end() {
    return runs.isEmpty() ? 0 : runs.lastEntry().getValue().end();
  }

  /** Takes all bytes of the source as the file's from {@code offset} on. */
  void write(long offset, ByteBuffer source) {
    long at = offset;
    while (source.hasRemaining()) {
      long end = at + source.remaining();
      Run under = runAt(at);
      if (under != null) {
        int count = (int) (Math.min(end, under.end()) - at);
        under.put(at, source, count);
        at += count;
      } else {
        int count = (int) (gapEnd(at, end) - at);
        fill(at, source, count);
        at += count;
      }
    }
    sequentialEnd = at;
  }

  private @Nullable Run runAt(long at) {
    Map.Entry<Long, Run> floor = runs.floorEntry(at);
    return floor != null && floor.getValue().end() > at ? floor.getValue() : null;
  }

  private long gapEnd(long at, long end) {
    long windowEnd = Math.min(end - 1, at | (WINDOW - 1)) + 1;
    Long next = runs.higherKey(at);
    return next == null ? windowEnd : Math.min(windowEnd, next);
  }

  private void fill(long at, ByteBuffer source, int count) {
    Map.Entry<Long, Run> before = runs.lowerEntry(at);
    Run run;
    if (before != null && before.getValue().end() == at && at % WINDOW != 0) {
      run = before.getValue();
      ensureRoom(run, run.length() + count);
    } else {
      boolean streaming = at == sequentialEnd && at % WINDOW == 0;
      ByteBuffer buffer = pool.take(streaming ? (int) WINDOW : count);
      capacity += buffer.capacity();
      run = new Run(at, buffer);
      runs.put(at, run);
    }
    run.put(at, source, count);
    bytes += count;
    filledWindow |= run.end() % WINDOW == 0;
  }

  private void ensureRoom(Run run, int length) {
    int present = run.buffer().capacity();
    if (length <= present) {
      return;
    }
    ByteBuffer larger = pool.take(length);
    capacity += larger.capacity() - present;
    pool.give(run.moveTo(larger));
  }

  /** Copies what lies in the gaps' range over {@code into}, whose index 0 is the range's start. */
  void copyTo(Gaps gaps, ByteBuffer into) {
    copy(runs, gaps, into);
  }

  static void copy(NavigableMap<Long, Run> runs, Gaps gaps, ByteBuffer into) {
    Long first = runs.floorKey(gaps.from());
    for (Run run : runs.tailMap(first == null ? gaps.from() : first, true).values()) {
      if (run.start() >= gaps.to()) {
        return;
      }
      long from = Math.max(run.start(), gaps.from());
      long to = Math.min(run.end(), gaps.to());
      if (from < to) {
        run.copy(from, to, into, (int) (from - gaps.from()));
        gaps.cover(from, to);
      }
    }
  }

  /** Hands all runs over and starts anew. */
  NavigableMap<Long, Run> takeAll() {
    NavigableMap<Long, Run> taken = runs;
    runs = new TreeMap<>();
    bytes = 0;
    capacity = 0;
    filledWindow = false;
    return taken;
  }

  /** Gives the buffers of runs back that nobody reads any more. */
  static void giveBack(NavigableMap<Long, Run> runs, BufferPool pool) {
    List<Run> all = new ArrayList<>(runs.values());
    runs.clear();
    for (Run run : all) {
      pool.give(run.buffer());
    }
  }
}
