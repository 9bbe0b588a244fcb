package io.pandofs.block.replication;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * The bytes of puts under way, in direct buffers that are used again, within two budgets: one for
 * puts that wait for their quorum, whose callers wait for room, and one for what is still being
 * pushed to the remaining replicas after that, where who finds no room is given up. Thread-safe.
 */
final class PutBuffers {
  private static final int SMALLEST = 64 << 10;

  /** Permits count units, so that budgets of more than 2 GiB fit a semaphore. */
  private static final int UNIT = 4096;

  private final Semaphore putUnits;
  private final Semaphore pushUnits;
  private final ConcurrentLinkedQueue<ByteBuffer> kept = new ConcurrentLinkedQueue<>();
  private final AtomicLong keptBytes = new AtomicLong();
  private final long keptBytesMax;
  private final IntFunction<ByteBuffer> allocator;

  /**
   * @param allocator makes a buffer of so many bytes, or throws OutOfMemoryError
   */
  PutBuffers(long putBytesMax, long pushBytesMax, IntFunction<ByteBuffer> allocator) {
    this.allocator = allocator;
    putUnits = new Semaphore(units(putBytesMax), true);
    pushUnits = new Semaphore(units(pushBytesMax));
    keptBytesMax = putBytesMax / 2;
  }

  private static int units(long bytes) {
    return Math.toIntExact((bytes + UNIT - 1) / UNIT);
  }

  void takePut(int bytes) throws InterruptedException {
    putUnits.acquire(units(bytes));
  }

  void givePut(int bytes) {
    putUnits.release(units(bytes));
  }

  boolean tryTakePush(int bytes) {
    return pushUnits.tryAcquire(units(bytes));
  }

  void givePush(int bytes) {
    pushUnits.release(units(bytes));
  }

  /** A copy of what remains in the buffer, whose position is not moved. */
  ByteBuffer copyOf(ByteBuffer bytes) {
    ByteBuffer copy = buffer(bytes.remaining());
    copy.put(bytes.duplicate()).flip();
    return copy;
  }

  private ByteBuffer buffer(int bytes) {
    ByteBuffer reused = kept.poll();
    if (reused != null) {
      keptBytes.addAndGet(-reused.capacity());
      if (reused.capacity() >= bytes) {
        return reused.clear();
      }
    }
    int capacity = Math.max(SMALLEST, Integer.highestOneBit(Math.max(1, bytes - 1)) << 1);
    return allocator.apply(capacity);
  }

  /** Keeps a buffer that nobody looks at any more for the next put. */
  void reuse(ByteBuffer buffer) {
    if (keptBytes.addAndGet(buffer.capacity()) <= keptBytesMax) {
      kept.add(buffer);
    } else {
      keptBytes.addAndGet(-buffer.capacity());
    }
  }
}
