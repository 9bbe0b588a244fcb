package io.pandofs.mount.compaction;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.Blocks;
import io.pandofs.block.StoredBlock;
import io.pandofs.block.replication.Pace;
import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CompactableFiles;
import io.pandofs.meta.CompactableFiles.Step;
import io.pandofs.meta.Extent;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.mount.vfs.Capacity;
import io.pandofs.mount.vfs.SessionSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies what is alive of blocks that are mostly dead into new blocks, and long rows of small
 * extents into one, and has the log take the bytes from there ({@link Operation.Relocate}). A file
 * is looked at when bytes of it were replaced: now and then while that goes on, when only what is
 * very bad is moved, and once when it has come to rest. Every file is looked at once in each time
 * that this node is the one to do it.
 *
 * <p>Nothing here can lose or change data: a copy that comes too late moves nothing, and its block
 * is deleted as one that was never committed when the session is over. So all faults are met by
 * trying again later, and after each the work goes on with what comes next.
 *
 * <p>One thread does the work, in rounds; {@link #replaced} is for any thread and does not wait.
 */
public final class Compactor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);

  private static final Duration ROUND = Duration.ofSeconds(5);

  /** A file that was not written for so long has come to rest. */
  static final Duration AT_REST = Duration.ofSeconds(30);

  /** So often, at most, a file is looked at that is being written. */
  static final Duration BUSY = Duration.ofSeconds(10);

  /** Between two looks at a file it is left alone so many times as long as the first one took. */
  private static final int BUSY_TIMES = 20;

  /**
   * So long nothing is tried after a fault, and a file that it was met at twice as long each time.
   */
  static final Duration AFTER_FAULT = Duration.ofSeconds(30);

  private static final int DOUBLINGS_MAX = 6;

  /** More files than this are not kept in mind: then all are looked at again. */
  static final int TOLD_MAX = 1 << 16;

  /** How many of all files are looked at together. */
  static final int WALK_FILES = 256;

  /** How many times in a round. */
  private static final int WALKS = 16;

  /** So many steps are taken through a file before it is another one's turn. */
  private static final int TURN_STEPS = 16;

  private static final int PARALLEL_READS = 16;

  /**
   * The old copies go only a while after the new ones have come. So in each minute no more is moved
   * than this part of what is free: nobody's write finds the nodes full because of it.
   */
  private static final int FREE_PARTS = 4;

  static final Duration FREE_EVERY = Duration.ofMinutes(1);

  private final CompactableFiles files;
  private final BackgroundSession session;
  private final Blocks blocks;
  private final Capacity capacity;
  private final Clock clock;
  private final Pace pace;
  private final LimitedLog faults;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final AtomicLong movedBytes = new AtomicLong();

  /** A file to look at. */
  private static final class Told {
    /** When it was last written. Guarded by the map. */
    long writtenNanos;

    // The worker's own.
    long notBeforeNanos;
    boolean begun;
    boolean atRest;
    long beganNanos;
    long at;
    int faults;
    boolean failed;
    boolean isMoreLater;

    Told(long writtenNanos, long notBeforeNanos) {
      this.writtenNanos = writtenNanos;
      this.notBeforeNanos = notBeforeNanos;
    }
  }

  @GuardedBy("told")
  private final Map<InodeId, Told> told = new LinkedHashMap<>();

  /** Files were not kept in mind. */
  @GuardedBy("told")
  private boolean walkAgain;

  // The worker's own.

  /** The last file looked at in the walk over all; {@link Long#MAX_VALUE} when it is over. */
  private long walkedTo;

  private long notBeforeNanos;

  /** What may be moved yet before {@link #roomUntilNanos}. */
  private long roomBytes;

  private long roomUntilNanos;
  private @Nullable ByteBuffer buffer;

  /**
   * @param sessions where a session comes from when there is something to do
   * @param capacity what is free on the nodes
   * @param pace for the bytes that are moved
   */
  public Compactor(
      CompactableFiles files,
      SessionSource sessions,
      Blocks blocks,
      Capacity capacity,
      Clock clock,
      Pace pace) {
    this.files = files;
    this.session = new BackgroundSession(sessions, clock);
    this.blocks = blocks;
    this.capacity = capacity;
    this.clock = clock;
    this.pace = pace;
    this.faults = new LimitedLog(LOG, clock);
    this.notBeforeNanos = clock.nanoTime();
    this.roomUntilNanos = notBeforeNanos;
  }

  /** Begins to work, in one thread of the scheduler at a time. */
  public void start(ScheduledExecutorService worker) {
    var unused =
        worker.scheduleWithFixedDelay(
            this::round, ROUND.toMillis(), ROUND.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Bytes of these files were overwritten, added to, or cut away. */
  public void replaced(Collection<InodeId> changed) {
    long now = clock.nanoTime();
    synchronized (told) {
      for (InodeId file : changed) {
        Told before = told.get(file);
        if (before != null) {
          before.writtenNanos = now;
        } else if (told.size() < TOLD_MAX) {
          told.put(file, new Told(now, now + BUSY.toNanos()));
        } else {
          walkAgain = true;
        }
      }
    }
  }

  /** How many bytes were moved since the start. */
  public long movedBytes() {
    return movedBytes.get();
  }

  /** Does what is due. Never throws. */
  void round() {
    try {
      if (!files.areOurs()) {
        forget();
      } else if (clock.nanoTime() - notBeforeNanos >= 0) {
        work();
        if (session.endIfIdle()) {
          buffer = null;
        }
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // The tables are closed while a replica starts anew; all else is tried again just as well.
      pause(e);
    }
  }

  /** Another node does it: when it is for this one again, all files may have changed. */
  private void forget() {
    synchronized (told) {
      told.clear();
      walkAgain = false;
    }
    walkedTo = 0;
    session.end();
  }

  private void pause(Throwable fault) {
    notBeforeNanos = clock.nanoTime() + AFTER_FAULT.toNanos();
    if (!isClosed()) {
      faults.warn("files are not compacted now: " + fault);
    }
  }

  private void work() throws IOException {
    Deque<InodeId> queue = new ArrayDeque<>(due());
    int walks = 0;
    while (files.areOurs() && !isClosed() && hasRoom()) {
      InodeId file = queue.poll();
      if (file != null) {
        if (!turn(file)) {
          queue.add(file);
        }
      } else if (walks++ == WALKS || !walk(queue)) {
        return;
      }
    }
  }

  private List<InodeId> due() {
    long now = clock.nanoTime();
    List<InodeId> due = new ArrayList<>();
    synchronized (told) {
      told.forEach(
          (file, state) -> {
            if (now - state.notBeforeNanos >= 0) {
              due.add(file);
            }
          });
    }
    return due;
  }

  /** Takes the next of all files into mind and into the queue; false when none are left. */
  private boolean walk(Deque<InodeId> queue) {
    synchronized (told) {
      if (walkedTo == Long.MAX_VALUE && walkAgain) {
        walkedTo = 0;
        walkAgain = false;
      }
    }
    if (walkedTo == Long.MAX_VALUE) {
      return false;
    }
    List<InodeId> some = files.filesAfter(walkedTo, WALK_FILES);
    walkedTo = some.size() < WALK_FILES ? Long.MAX_VALUE : some.get(some.size() - 1).value();
    long now = clock.nanoTime();
    synchronized (told) {
      for (InodeId file : some) {
        if (told.putIfAbsent(file, new Told(now - AT_REST.toNanos(), now)) == null) {
          queue.add(file);
        }
      }
    }
    return true;
  }

  /**
   * Goes on through a file, some steps.
   *
   * @return whether there is nothing more to do for it now
   */
  private boolean turn(InodeId file) throws IOException {
    Told state = begin(file);
    if (state == null) {
      return true;
    }
    for (int i = 0; i < TURN_STEPS && hasRoom(); i++) {
      keepPace();
      Step step = files.next(file, state.at, state.atRest);
      // Also past what cannot be moved: what is behind it may be.
      state.at = step.end();
      try {
        if (!step.extents().isEmpty()) {
          move(file, step);
        }
      } catch (ErrnoException | IOException e) {
        state.failed = true;
        // The file may be gone, or its blocks' places have changed: nothing that others would meet.
        if (!(e instanceof ErrnoException errno) || errno.errno() != Errno.ESTALE) {
          if (step.isLast()) {
            end(file, state);
          } else {
            putOff(state);
          }
          throw new IOException(file + ": " + e.getMessage(), e);
        }
      }
      state.isMoreLater |= step.isMoreLater();
      if (step.isLast()) {
        end(file, state);
        return true;
      }
    }
    return false;
  }

  private @Nullable Told begin(InodeId file) {
    long now = clock.nanoTime();
    synchronized (told) {
      Told state = told.get(file);
      if (state != null && !state.begun) {
        state.begun = true;
        state.beganNanos = now;
        state.atRest = now - state.writtenNanos >= AT_REST.toNanos();
        state.at = 0;
        state.isMoreLater = false;
      }
      return state;
    }
  }

  /** Others first. */
  private void putOff(Told state) {
    long wait = AFTER_FAULT.toNanos() << Math.min(state.faults++, DOUBLINGS_MAX);
    state.notBeforeNanos = clock.nanoTime() + wait;
  }

  private void end(InodeId file, Told state) {
    long now = clock.nanoTime();
    state.begun = false;
    synchronized (told) {
      if (state.failed) {
        state.failed = false;
        putOff(state);
      } else if (state.atRest && !state.isMoreLater && state.writtenNanos - state.beganNanos < 0) {
        told.remove(file);
      } else {
        state.faults = 0;
        long wait = BUSY_TIMES * (now - state.beganNanos);
        state.notBeforeNanos = now + Math.max(BUSY.toNanos(), wait);
      }
    }
  }

  /** Whether a block more may be made. */
  private boolean hasRoom() {
    long now = clock.nanoTime();
    if (now - roomUntilNanos >= 0) {
      roomBytes = capacity.space().freeBytes() / FREE_PARTS;
      roomUntilNanos = now + FREE_EVERY.toNanos();
    }
    return roomBytes >= NewBlock.BYTES_MAX;
  }

  private void move(InodeId file, Step step) throws ErrnoException, IOException {
    List<Extent> from = step.extents();
    int bytes = (int) from.stream().mapToLong(Extent::length).sum();
    pace.took(bytes, clock.nanoTime());
    roomBytes -= bytes;
    ByteBuffer copy = buffer().clear().limit(bytes);
    read(step, copy);
    MetadataSession in = session.get();
    long moved = 0;
    try {
      moved = relocate(in, file, from, copy);
    } finally {
      session.wasted(moved == 0 ? bytes : 0);
    }
    if (moved > 0) {
      session.used();
      movedBytes.addAndGet(moved);
    }
  }

  private long relocate(MetadataSession in, InodeId file, List<Extent> from, ByteBuffer copy)
      throws ErrnoException, IOException {
    BlockId block = in.nextBlock();
    StoredBlock stored = await(blocks.put(in.id(), block, copy));
    NewBlock made =
        new NewBlock(
            block, stored.length(), stored.crc32c(), stored.placementEpoch(), stored.holders());
    Operation relocate = new Operation.Relocate(file, from, to(from, block), List.of(made));
    Reply reply = in.submit(new Request(relocate, Caller.ROOT, clock.now())).join();
    if (!reply.errno().isOk()) {
      throw new ErrnoException(reply.errno(), "bytes stay where they are");
    }
    return reply.number();
  }

  private void keepPace() throws IOException {
    try {
      long wait = pace.waitNanos(clock.nanoTime());
      while (wait > 0) {
        if (closing.await(wait, TimeUnit.NANOSECONDS)) {
          throw new IOException("the node is stopping");
        }
        wait = pace.waitNanos(clock.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("the node is stopping", e);
    }
  }

  private ByteBuffer buffer() {
    ByteBuffer present = buffer;
    if (present == null) {
      present = ByteBuffer.allocateDirect(NewBlock.BYTES_MAX);
      buffer = present;
    }
    return present;
  }

  private void read(Step step, ByteBuffer into) throws IOException {
    boolean done = false;
    try {
      List<CompletableFuture<Void>> reads = new ArrayList<>();
      int at = 0;
      for (Extent extent : step.extents()) {
        ByteBuffer part = into.slice(at, (int) extent.length());
        byte[] inline = step.inline().get(extent.block());
        if (inline == null) {
          reads.add(blocks.read(extent.block(), extent.blockOffset(), part));
        } else {
          part.put(inline, extent.blockOffset(), part.remaining());
        }
        at += part.capacity();
        if (reads.size() == PARALLEL_READS) {
          awaitAll(reads);
        }
      }
      awaitAll(reads);
      done = true;
    } finally {
      if (!done) {
        // A read that is still under way must not write into what is moved next.
        buffer = null;
      }
    }
  }

  private static void awaitAll(List<CompletableFuture<Void>> reads) throws IOException {
    Void unused = await(CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new)));
    reads.clear();
  }

  private static <T extends @Nullable Object> T await(CompletableFuture<T> future)
      throws IOException {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw new IOException(e.getCause());
    }
  }

  /** The same bytes, one after the other in the block. */
  private static List<Extent> to(List<Extent> from, BlockId block) {
    List<Extent> to = new ArrayList<>();
    int at = 0;
    for (Extent extent : from) {
      Extent.append(to, new Extent(extent.offset(), extent.length(), block, at));
      at += (int) extent.length();
    }
    return to;
  }

  private boolean isClosed() {
    return session.isClosed();
  }

  /** What is under way fails soon. */
  @Override
  public void close() {
    closing.countDown();
    session.close();
  }
}
