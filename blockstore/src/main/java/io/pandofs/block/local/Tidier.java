package io.pandofs.block.local;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.time.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives space back in the background, one step at a time:
 *
 * <ol>
 *   <li>a segment without a live block loses its file;
 *   <li>sparse segments (less than half alive) are copied together into a new one;
 *   <li>when there are many undersized segments, a run of them is copied together likewise;
 *   <li>when the table of small blocks has grown large, its first blocks move into a segment;
 *   <li>when its files are more than twice what lives in it, it is compacted.
 * </ol>
 *
 * <p>Copying keeps to a pace in bytes a second. Steps run on the scheduler given; one takes as long
 * as reading and writing a segment. {@link #wake} never blocks. Order of locks: steps, then state.
 */
final class Tidier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Tidier.class);
  private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int UNDERSIZED_MAX = 64;
  private static final int SMALL_SEGMENTS_MAX = 4;

  private final Tables tables;
  private final Segments segments;
  private final Committer committer;
  private final Copier copier;
  private final LocalBlockOptions options;
  private final Clock clock;
  private final ScheduledExecutorService scheduler;

  /** Held during a step. */
  private final ReentrantLock steps = new ReentrantLock();

  private final ReentrantLock state = new ReentrantLock();

  /** The next step, from when it is scheduled until it begins. */
  @GuardedBy("state")
  private @Nullable Future<?> scheduled;

  @GuardedBy("state")
  private boolean isClosed;

  @GuardedBy("state")
  private long notBefore;

  @GuardedBy("steps")
  private long backgroundErrors;

  Tidier(
      Tables tables,
      Segments segments,
      Committer committer,
      Copier copier,
      LocalBlockOptions options,
      Clock clock,
      ScheduledExecutorService scheduler) {
    this.tables = tables;
    this.segments = segments;
    this.committer = committer;
    this.copier = copier;
    this.options = options;
    this.clock = clock;
    this.scheduler = scheduler;
    this.notBefore = clock.nanoTime();
  }

  /** Something changed: there may be something to do. */
  void wake() {
    state.lock();
    try {
      if (scheduled != null || isClosed) {
        return;
      }
      long wait = Math.max(REST_NANOS, notBefore - clock.nanoTime());
      scheduled = scheduler.schedule(this::step, wait, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("the scheduler is closed: nothing more is tidied up", e);
    } finally {
      state.unlock();
    }
  }

  private void step() {
    long moved = 0;
    try {
      state.lock();
      try {
        scheduled = null;
      } finally {
        state.unlock();
      }
      moved = tidy();
    } catch (IOException | RocksDBException e) {
      LOG.warn("cannot give space back now: {}", e.toString());
    } catch (RuntimeException e) {
      LOG.error("tidying up the block store failed", e);
    }
    if (moved > 0) {
      rest(moved);
      wake();
    }
  }

  private void rest(long moved) {
    state.lock();
    try {
      long pace = TimeUnit.SECONDS.toNanos(1) * moved / options.rewriteBytesPerSecond();
      notBefore = clock.nanoTime() + pace;
    } finally {
      state.unlock();
    }
  }

  private boolean isClosed() {
    state.lock();
    try {
      return isClosed;
    } finally {
      state.unlock();
    }
  }

  /**
   * One step: gives dead segments back, and copies at most one segment's worth.
   *
   * @return bytes copied; 0 when there is nothing left to copy
   */
  long tidy() throws IOException, RocksDBException {
    steps.lock();
    try {
      if (isClosed()) {
        return 0;
      }
      watch();
      dropDead();
      long moved = copySome();
      if (moved > 0) {
        dropDead();
      }
      compactSmall();
      return moved;
    } finally {
      steps.unlock();
    }
  }

  @GuardedBy("steps")
  private void watch() throws RocksDBException {
    long now = tables.backgroundErrors();
    if (now > backgroundErrors) {
      LOG.warn("the block store's background work has failed {} times", now);
    }
    backgroundErrors = now;
  }

  private void dropDead() throws IOException {
    List<Long> dead =
        segments.all().stream()
            .filter(s -> s.getKey() != Keys.SMALL && s.getValue().isDead())
            .map(Map.Entry::getKey)
            .toList();
    if (!dead.isEmpty()) {
      Work.Drop drop = new Work.Drop(dead, new CompletableFuture<>());
      committer.submit(drop);
      Waiting.on(drop.done());
    }
  }

  private long copySome() throws IOException, RocksDBException {
    List<Long> sparse = new ArrayList<>();
    List<Long> undersized = new ArrayList<>();
    long sparseBytes = 0;
    long undersizedBytes = 0;
    for (Map.Entry<Long, SegmentRow> entry : segments.all()) {
      SegmentRow row = entry.getValue();
      long segment = entry.getKey();
      if (segment == Keys.SMALL || row.isDead() || copier.isDamaged(segment)) {
        continue;
      }
      if (row.isSparse() && sparseBytes < options.segmentBytes()) {
        sparse.add(segment);
        sparseBytes += row.live();
      }
      if (row.payload() < options.segmentBytes() / 4) {
        if (undersizedBytes < options.segmentBytes() || undersized.size() < UNDERSIZED_MAX) {
          undersized.add(segment);
        }
        undersizedBytes += row.live();
      }
    }
    if (!sparse.isEmpty()) {
      return copier.copy(sparse, options.segmentBytes());
    }
    if (undersized.size() >= UNDERSIZED_MAX) {
      return copier.copy(undersized, options.segmentBytes());
    }
    long small = segments.get(Keys.SMALL).live();
    if (small > (long) SMALL_SEGMENTS_MAX * options.segmentBytes()) {
      return copier.copy(List.of(Keys.SMALL), options.segmentBytes());
    }
    return 0;
  }

  private void compactSmall() throws RocksDBException {
    long live = segments.get(Keys.SMALL).live();
    if (tables.smallFileBytes() > 2 * live + 2L * options.segmentBytes()) {
      tables.compactSmall();
    }
  }

  /** Returns when no step is under way, and none will be. */
  @Override
  public void close() {
    state.lock();
    try {
      isClosed = true;
      if (scheduled != null) {
        scheduled.cancel(false);
      }
    } finally {
      state.unlock();
    }
    steps.lock();
    try {
      LOG.debug("no more tidying up");
    } finally {
      steps.unlock();
    }
  }
}
