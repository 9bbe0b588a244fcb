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
 *   <li>sparse segments are copied together into a new one: those less than half alive, and when
 *       nothing was put or deleted for half a minute also those less than four fifths, so that a
 *       store at rest takes hardly more than what it holds;
 *   <li>when there are many undersized segments, a run of them is copied together likewise;
 *   <li>when the table of small blocks has grown large, its first blocks move into a segment;
 *   <li>when its files are more than twice what lives in it, it is compacted; and at rest when they
 *       are a quarter more, after what is in the log has gone into files and the log is emptied.
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
  private static final long REST_AFTER_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final int SPARSE_PERCENT = 50;
  private static final int SPARSE_PERCENT_AT_REST = 80;

  /** What a store at rest may keep in its log, or in the table of small blocks for nothing. */
  private static final long LEFT_BYTES_AT_REST = 4 << 20;

  private final Tables tables;
  private final Segments segments;
  private final Committer committer;
  private final Copier copier;
  private final StoreHome home;
  private final LocalBlockOptions options;
  private final Clock clock;
  private final ScheduledExecutorService scheduler;

  /** Held during a step. */
  private final ReentrantLock steps = new ReentrantLock();

  private final ReentrantLock state = new ReentrantLock();

  /** The next step, from when it is scheduled until it begins. */
  @GuardedBy("state")
  private @Nullable Future<?> scheduled;

  /** During a step, whose end says when the next one is. */
  @GuardedBy("state")
  private boolean isRunning;

  /** When {@link #scheduled} is to begin. */
  @GuardedBy("state")
  private long scheduledForNanos;

  @GuardedBy("state")
  private boolean isClosed;

  @GuardedBy("state")
  private long changedNanos;

  @GuardedBy("state")
  private long notBefore;

  @GuardedBy("steps")
  private long backgroundErrors;

  /** What the table of small blocks took after it was last compacted. */
  @GuardedBy("steps")
  private long compactedBytes;

  Tidier(
      Tables tables,
      Segments segments,
      Committer committer,
      Copier copier,
      StoreHome home,
      LocalBlockOptions options,
      Clock clock,
      ScheduledExecutorService scheduler) {
    this.tables = tables;
    this.segments = segments;
    this.committer = committer;
    this.copier = copier;
    this.home = home;
    this.options = options;
    this.clock = clock;
    this.scheduler = scheduler;
    this.notBefore = clock.nanoTime();
    this.changedNanos = notBefore;
    this.scheduledForNanos = notBefore;
  }

  /** Something changed: there may be something to do. */
  void wake() {
    state.lock();
    try {
      changedNanos = clock.nanoTime();
      schedule(REST_NANOS);
    } finally {
      state.unlock();
    }
  }

  /** Sees to it that the next step begins after this time, or earlier. */
  @GuardedBy("state")
  private void schedule(long nanos) {
    long now = clock.nanoTime();
    long wait = Math.max(nanos, notBefore - now);
    if (isClosed || isRunning || (scheduled != null && scheduledForNanos - now <= wait)) {
      return;
    }
    if (scheduled != null) {
      scheduled.cancel(false);
    }
    try {
      scheduled = scheduler.schedule(this::step, wait, TimeUnit.NANOSECONDS);
      scheduledForNanos = now + wait;
    } catch (RejectedExecutionException e) {
      LOG.debug("the scheduler is closed: nothing more is tidied up", e);
    }
  }

  private void step() {
    long beganNanos;
    boolean atRest;
    state.lock();
    try {
      if (isRunning) {
        return; // cancelled too late
      }
      isRunning = true;
      scheduled = null;
      beganNanos = clock.nanoTime();
      atRest = beganNanos - changedNanos >= REST_AFTER_NANOS;
    } finally {
      state.unlock();
    }
    long moved = 0;
    boolean failed = true;
    try {
      moved = tidy(atRest);
      failed = false;
    } catch (IOException | RocksDBException e) {
      LOG.warn("cannot give space back now: {}", e.toString());
    } catch (RuntimeException e) {
      LOG.error("tidying up the block store failed", e);
    }
    state.lock();
    try {
      isRunning = false;
      long now = clock.nanoTime();
      notBefore = now + TimeUnit.SECONDS.toNanos(1) * moved / options.rewriteBytesPerSecond();
      if (moved > 0 || changedNanos - beganNanos >= 0) {
        schedule(REST_NANOS);
      } else if (!atRest || failed) {
        schedule(REST_AFTER_NANOS);
      }
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
   * @param atRest whether nothing was put or deleted for a while: then more is worth copying
   * @return bytes copied; 0 when there is nothing left to copy
   */
  long tidy(boolean atRest) throws IOException, RocksDBException {
    steps.lock();
    try {
      if (isClosed()) {
        return 0;
      }
      watch();
      dropDead();
      long moved = copySome(atRest ? SPARSE_PERCENT_AT_REST : SPARSE_PERCENT);
      if (moved > 0) {
        dropDead();
      }
      boolean isSettled = atRest && moved == 0;
      if (isSettled) {
        emptyLog();
      }
      compactSmall(isSettled);
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

  private long copySome(int sparsePercent) throws IOException, RocksDBException {
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
      if (row.isSparse(sparsePercent) && sparseBytes < options.segmentBytes()) {
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

  @GuardedBy("steps")
  private void emptyLog() throws RocksDBException {
    if (tables.logBytes() > LEFT_BYTES_AT_REST) {
      tables.emptyLog();
    }
  }

  @GuardedBy("steps")
  private void compactSmall(boolean isSettled) throws IOException, RocksDBException {
    long live = segments.get(Keys.SMALL).live();
    // What is written before anything is given back must not use up what deleting needs.
    boolean hasRoom = isSettled && home.usableBytes() > 2 * live + LEFT_BYTES_AT_REST;
    long most =
        hasRoom ? live + live / 4 + LEFT_BYTES_AT_REST : 2 * live + 2L * options.segmentBytes();
    // Keys and the like count as well: what a compaction has left is not tried again before it
    // grows.
    if (tables.smallFileBytes() > Math.max(most, compactedBytes + compactedBytes / 4)) {
      tables.compactSmall();
      compactedBytes = tables.smallFileBytes();
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
