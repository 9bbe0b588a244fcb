package io.pandofs.block.replication;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.Blocks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * The bytes of puts under way, in direct buffers that are used again, within two budgets: one for
 * puts that wait for their quorum, whose callers wait for room, and one for what is still being
 * pushed to the remaining replicas after that, where who finds no room is given up. Thread-safe.
 *
 * <p>Charged is what a buffer holds, which is up to twice what is in it: 4 KiB times a power of
 * two. Half of the put budget more is kept in buffers that nobody uses.
 */
final class PutBuffers {
  /** The smallest buffer. Permits count units of it, so that budgets of over 2 GiB fit. */
  private static final int UNIT = 4096;

  private final Semaphore putUnits;
  private final Semaphore pushUnits;
  private final long keptBytesMax;
  private final IntFunction<ByteBuffer> allocator;

  /** By size: the n-th has those of 4 KiB times 2 to the n. */
  @GuardedBy("this")
  private final List<ArrayDeque<ByteBuffer>> kept = new ArrayList<>();

  @GuardedBy("this")
  private long keptBytes;

  /**
   * @param allocator makes a buffer of so many bytes, or throws OutOfMemoryError
   */
  PutBuffers(long putBytesMax, long pushBytesMax, IntFunction<ByteBuffer> allocator) {
    this.allocator = allocator;
    putUnits = new Semaphore(units(putBytesMax), true);
    pushUnits = new Semaphore(units(pushBytesMax));
    keptBytesMax = putBytesMax / 2;
    for (int size = UNIT; size <= Blocks.BLOCK_BYTES_MAX; size <<= 1) {
      kept.add(new ArrayDeque<>());
    }
  }

  private static int units(long bytes) {
    return Math.toIntExact((bytes + UNIT - 1) / UNIT);
  }

  /** What the buffer for so many bytes holds; at most a block's. */
  private static int capacityFor(int bytes) {
    return UNIT << indexFor(bytes);
  }

  private static int indexFor(int bytes) {
    return Integer.SIZE - Integer.numberOfLeadingZeros((Math.max(1, bytes) - 1) / UNIT);
  }

  private static int charge(int bytes) {
    return units(capacityFor(bytes));
  }

  /** Waits for room, and says whether there was some in time. */
  boolean takePut(int bytes, Duration timeout) throws InterruptedException {
    return putUnits.tryAcquire(charge(bytes), timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  void givePut(int bytes) {
    putUnits.release(charge(bytes));
  }

  boolean tryTakePush(int bytes) {
    return pushUnits.tryAcquire(charge(bytes));
  }

  void givePush(int bytes) {
    pushUnits.release(charge(bytes));
  }

  /** A copy of what remains in the buffer, whose position is not moved. */
  ByteBuffer copyOf(ByteBuffer bytes) {
    ByteBuffer copy = buffer(bytes.remaining());
    copy.put(bytes.duplicate()).flip();
    return copy;
  }

  private ByteBuffer buffer(int bytes) {
    synchronized (this) {
      ByteBuffer reused = kept.get(indexFor(bytes)).pollLast();
      if (reused != null) {
        keptBytes -= reused.capacity();
        return reused.clear();
      }
    }
    return allocator.apply(capacityFor(bytes));
  }

  /** Keeps a buffer that nobody looks at any more for the next put, rather than one of old. */
  synchronized void reuse(ByteBuffer buffer) {
    int capacity = buffer.capacity();
    for (ArrayDeque<ByteBuffer> others : kept) {
      while (keptBytes + capacity > keptBytesMax && !others.isEmpty()) {
        keptBytes -= others.removeFirst().capacity();
      }
    }
    if (keptBytes + capacity <= keptBytesMax) {
      keptBytes += capacity;
      kept.get(indexFor(capacity)).addLast(buffer);
    }
  }
}
