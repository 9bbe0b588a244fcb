package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Privileges;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What this mount knows of an inode that is open here or whose lease it holds, shared by all its
 * handles: the bytes written and not yet committed. Thread-safe.
 *
 * <p>Bytes pass through two stages: the <em>active</em> runs, that writers change, and the
 * <em>sealed</em> batches, frozen, on their way to the blocks and committed one after another in
 * the order of sealing. A seal always takes all that is active, so what is committed is at every
 * moment a prefix of what was written. Readers lay both over what the metadata shows, oldest first.
 *
 * <p>The monitor guards the buffers and is never held over I/O. {@link #shape()} orders writers
 * (shared) against appends and changes of the file's shape (exclusive), over I/O as POSIX demands;
 * it is taken before the monitor.
 */
final class OpenFile {

  /** So much written without a pause is worth sealing though no block is full. */
  private static final long SEAL_BYTES = NewBlock.BYTES_MAX;

  private final InodeId inode;
  private final BufferPool pool;
  private final WriteBudget budget;
  private final FileLease lease;
  private final LostData lostData;
  private final ReadWriteLock shape = new ReentrantReadWriteLock();

  @GuardedBy("this")
  private final DirtyRuns active;

  @GuardedBy("this")
  private final ArrayDeque<Batch> sealed = new ArrayDeque<>();

  @GuardedBy("this")
  private CompletableFuture<Void> tail = CompletableFuture.completedFuture(null);

  @GuardedBy("this")
  private Timestamp writtenAt = Timestamp.EPOCH;

  @GuardedBy("this")
  private Caller writer = Caller.ROOT;

  @GuardedBy("this")
  private long activeSinceNanos;

  @GuardedBy("this")
  private long shapeChanges;

  /** The flush that is in the carriers' queue and was not begun; null if none is. */
  @GuardedBy("this")
  private @Nullable CompletableFuture<Void> queuedFlush;

  @GuardedBy("this")
  private int handles;

  @GuardedBy("this")
  private long settlements;

  OpenFile(InodeId inode, FileLease lease, BufferPool pool, WriteBudget budget, LostData lostData) {
    this.inode = inode;
    this.lease = lease;
    this.pool = pool;
    this.budget = budget;
    this.lostData = lostData;
    this.active = new DirtyRuns(pool);
  }

  InodeId inode() {
    return inode;
  }

  /** The right to write; without it there are no uncommitted bytes. */
  FileLease lease() {
    return lease;
  }

  ReadWriteLock shape() {
    return shape;
  }

  /**
   * Takes written bytes. The caller has acquired {@code acquired} of the budget, which is corrected
   * to what the buffers really use. Takes fewer than all, at least one, when memory gives out.
   *
   * @param lossesKnown up to which loss the writer may go on, see {@link
   *     FileHandle#refuseAfterLoss}. Bytes before these may have been lost while the call waited;
   *     what is committed then would be no prefix of what was written
   * @return batches that have become worth committing, oldest first, to be started; usually none
   * @throws ErrnoException EIO if the lease was lost with its session; what data of the file was
   *     lost with since the losses that are known
   */
  synchronized List<Batch> write(
      long offset,
      ByteBuffer source,
      Caller caller,
      Timestamp now,
      long nanos,
      long acquired,
      long lossesKnown)
      throws ErrnoException {
    Errno lost = lostData.untold(inode, lossesKnown);
    if (lost != null || !lease.isHeld()) {
      budget.adjust(-acquired);
      throw lost == null
          ? new ErrnoException(Errno.EIO, "the session is over")
          : new ErrnoException(lost);
    }
    writtenAt = Timestamp.max(writtenAt, now);
    if (active.isEmpty() || !caller.isRoot()) {
      // Of several the one whose write takes set-user-id and set-group-id bits away.
      writer = caller;
    }
    List<Batch> ready = new ArrayList<>(0);
    int start = source.position();
    int limit = source.limit();
    long at = offset;
    long unsealed = active.capacity();
    long before = unsealed;
    try {
      // In steps to the end of each block's place, so that a full block is sealed by itself.
      while (source.position() < limit) {
        int step = (int) Math.min(limit - source.position(), SEAL_BYTES - at % SEAL_BYTES);
        source.limit(source.position() + step);
        if (active.isEmpty()) {
          activeSinceNanos = nanos;
        }
        active.write(at, source);
        at += step;
        if (active.filledWindow() || active.bytes() >= SEAL_BYTES) {
          Batch batch = sealActive();
          before -= batch.capacity();
          ready.add(batch);
        }
      }
    } catch (OutOfMemoryError e) {
      // A batch that is sealed must be started, or whoever waits for it waits for ever.
      if (source.position() == start) {
        throw e;
      }
    } finally {
      source.limit(limit);
      budget.adjust(active.capacity() - before - acquired);
      budget.adjustUnsealed(active.capacity() - unsealed);
    }
    return ready;
  }

  /** Freezes what is active as the next batch; null if nothing is. */
  synchronized @Nullable Batch seal() {
    if (active.isEmpty()) {
      return null;
    }
    Batch batch = sealActive();
    budget.adjustUnsealed(-batch.capacity());
    return batch;
  }

  /** What is unsealed is counted by the caller, who may have added to it. */
  @GuardedBy("this")
  private Batch sealActive() {
    long capacity = active.capacity();
    Batch batch = new Batch(active.takeAll(), capacity, writer, writtenAt, tail);
    sealed.addLast(batch);
    tail = batch.settled();
    return batch;
  }

  /**
   * A flush is to be queued, unless one is: that one will take what is active now.
   *
   * @param flush completes when the flush has sealed and started what it takes
   * @return the one that is in the queue from now on, another than {@code flush} if it was there
   */
  synchronized CompletableFuture<Void> queueFlush(CompletableFuture<Void> flush) {
    if (queuedFlush == null) {
      queuedFlush = flush;
    }
    return queuedFlush;
  }

  /** The flush that was queued begins, or never will: the next one is to be queued again. */
  synchronized void flushBegins() {
    queuedFlush = null;
  }

  /** Completes when all that is sealed by now is committed or lost; never fails. */
  synchronized CompletableFuture<Void> tail() {
    return tail;
  }

  /** Of each sealed batch the future of its fate, oldest first; they never fail. */
  synchronized List<CompletableFuture<Void>> unsettled() {
    return sealed.stream().map(Batch::settled).toList();
  }

  /**
   * Takes a batch out that is committed, or lost with the given errno; then everything behind it is
   * lost too, so that a prefix survives.
   */
  void settle(Batch batch, @Nullable Errno lost) {
    synchronized (this) {
      settlements++;
      if (lost != null && !batch.isDropped()) {
        lose(lost);
      }
      sealed.remove(batch);
      DirtyRuns.giveBack(batch.runs(), pool);
      budget.adjust(-batch.capacity());
    }
    batch.settled().complete(null);
  }

  /** Drops all that is not committed; it is to be told. */
  @GuardedBy("this")
  private void lose(Errno errno) {
    lostData.lost(inode, errno);
    for (Batch batch : sealed) {
      batch.drop();
    }
    long capacity = active.capacity();
    DirtyRuns.giveBack(active.takeAll(), pool);
    budget.adjustUnsealed(-capacity);
    budget.adjust(-capacity);
  }

  /**
   * The session is over, and with it the lease and what was not committed.
   *
   * @param isHolder see {@link FileLease#lost}
   * @return whether bytes were lost
   */
  boolean sessionLost(BooleanSupplier isHolder) {
    CompletableFuture<Void> returned;
    boolean dirty;
    synchronized (this) {
      returned = lease.lost(isHolder);
      dirty = returned != null && isDirty();
      if (dirty) {
        lose(Errno.EIO);
      }
    }
    if (returned != null) {
      returned.complete(null);
    }
    return dirty;
  }

  /** One more handle. */
  synchronized void handleOpened() {
    handles++;
  }

  synchronized void handleClosed() {
    handles--;
  }

  /** Whether there is a handle. */
  synchronized boolean isOpen() {
    return handles > 0;
  }

  synchronized boolean isDirty() {
    return !active.isEmpty() || !sealed.isEmpty();
  }

  /** Bytes of the buffers that are not sealed. */
  synchronized long unsealedBytes() {
    return active.capacity();
  }

  /** Whether bytes wait to be sealed. */
  synchronized boolean isUnsealed() {
    return !active.isEmpty();
  }

  /** Whether bytes wait to be sealed since before the given time. */
  synchronized boolean isOlderThan(long nanos) {
    return !active.isEmpty() && activeSinceNanos - nanos < 0;
  }

  /** Says that the shape changes now: views from before and after must not be mixed. */
  synchronized void shapeChanges() {
    shapeChanges++;
  }

  /** Copies uncommitted bytes of the gaps' range into a reader's buffer and says what it saw. */
  synchronized Overlay overlay(Gaps gaps, ByteBuffer into) {
    for (Batch batch : sealed) {
      if (!batch.isDropped()) {
        DirtyRuns.copy(batch.runs(), gaps, into);
      }
    }
    active.copyTo(gaps, into);
    return new Overlay(shapeChanges, dirtyEnd());
  }

  /**
   * What a reader saw of the uncommitted bytes.
   *
   * @param shapeChanges the count at that moment
   * @param end where the last of them ends; 0 if there are none
   */
  record Overlay(long shapeChanges, long end) {}

  synchronized boolean isShape(long count) {
    return shapeChanges == count;
  }

  @GuardedBy("this")
  private long dirtyEnd() {
    long end = active.end();
    for (Batch batch : sealed) {
      if (!batch.isDropped()) {
        end = Math.max(end, batch.end());
      }
    }
    return end;
  }

  /** Where uncommitted bytes end; 0 if there are none. */
  synchronized long uncommittedEnd() {
    return dirtyEnd();
  }

  /**
   * What this mount must see of the file's attributes: to be called before the attributes were read
   * for {@code changes}, see {@link #pending}.
   */
  synchronized Pending pending() {
    if (!isDirty()) {
      return new Pending(0, 0, Timestamp.EPOCH, List.of(), shapeChanges, settlements);
    }
    long bytes = active.bytes();
    List<Batch> live = new ArrayList<>(sealed);
    for (Batch batch : live) {
      bytes += batch.isDropped() ? 0 : batch.bytes();
    }
    List<Caller> writers = new ArrayList<>();
    if (!active.isEmpty()) {
      writers.add(writer);
    }
    live.stream().filter(batch -> !batch.isDropped()).map(Batch::writer).forEach(writers::add);
    return new Pending(dirtyEnd(), bytes, writtenAt, writers, shapeChanges, settlements);
  }

  /** Whether since then nothing was committed or lost and the shape is the same. */
  synchronized boolean isAsOf(Pending pending) {
    return shapeChanges == pending.shapeChanges && settlements == pending.settlements;
  }

  /** The effect of uncommitted bytes on attributes; taken before the attributes are read. */
  record Pending(
      long end,
      long bytes,
      Timestamp writtenAt,
      List<Caller> writers,
      long shapeChanges,
      long settlements) {

    static final Pending NONE = new Pending(0, 0, Timestamp.EPOCH, List.of(), 0, 0);

    Attributes over(Attributes a) {
      if (bytes == 0) {
        return a;
      }
      int permissions = a.permissions();
      for (Caller caller : writers) {
        permissions = Privileges.afterWrite(permissions, a.gid(), caller);
      }
      return new Attributes(
          a.inode(),
          a.type(),
          permissions,
          a.uid(),
          a.gid(),
          a.links(),
          Math.max(a.sizeBytes(), end),
          a.allocatedBytes() + bytes,
          a.device(),
          a.accessed(),
          Timestamp.max(writtenAt, a.modified().next()),
          Timestamp.max(writtenAt, a.changed().next()),
          a.born(),
          a.holder());
    }
  }

  /** A frozen part of a file's writes, with the future of its fate. */
  static final class Batch {
    private final NavigableMap<Long, Run> runs;
    private final long end;
    private final long bytes;
    private final long capacity;
    private final Caller writer;
    private final Timestamp writtenAt;
    private final CompletableFuture<Void> previous;
    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private volatile boolean dropped;

    Batch(
        NavigableMap<Long, Run> runs,
        long capacity,
        Caller writer,
        Timestamp writtenAt,
        CompletableFuture<Void> previous) {
      this.runs = runs;
      this.end = runs.lastEntry().getValue().end();
      this.bytes = runs.values().stream().mapToLong(Run::length).sum();
      this.capacity = capacity;
      this.writer = writer;
      this.writtenAt = writtenAt;
      this.previous = previous;
    }

    /** The frozen runs; emptied when the batch is settled. */
    NavigableMap<Long, Run> runs() {
      return runs;
    }

    long end() {
      return end;
    }

    long bytes() {
      return bytes;
    }

    long capacity() {
      return capacity;
    }

    Caller writer() {
      return writer;
    }

    Timestamp writtenAt() {
      return writtenAt;
    }

    /** Completes when the batch before this one is settled. */
    CompletableFuture<Void> previous() {
      return previous;
    }

    /** Completes when this batch is committed or lost; never fails. */
    CompletableFuture<Void> settled() {
      return settled;
    }

    void drop() {
      dropped = true;
    }

    /** Whether its bytes are lost already, so that it must not be committed. */
    boolean isDropped() {
      return dropped;
    }
  }
}
