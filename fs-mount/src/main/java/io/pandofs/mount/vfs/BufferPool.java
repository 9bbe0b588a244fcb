package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.meta.NewBlock;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Direct buffers to use again, in sizes of 4 KiB times powers of four up to a whole block. Who
 * takes a buffer gives it back once and does not touch it afterwards. Thread-safe.
 */
final class BufferPool {

  private static final int SMALLEST = 4 << 10;
  private static final int FACTOR_BITS = 2;

  private final long idleBytesMax;
  private final IntFunction<ByteBuffer> allocator;

  @GuardedBy("this")
  private final List<ArrayDeque<ByteBuffer>> idle = new ArrayList<>();

  @GuardedBy("this")
  private long idleBytes;

  /**
   * @param idleBytesMax what is kept of buffers that nobody uses
   */
  BufferPool(long idleBytesMax) {
    this(idleBytesMax, ByteBuffer::allocateDirect);
  }

  /**
   * @param allocator makes a buffer of so many bytes, or throws OutOfMemoryError
   */
  BufferPool(long idleBytesMax, IntFunction<ByteBuffer> allocator) {
    this.idleBytesMax = idleBytesMax;
    this.allocator = allocator;
    for (int size = SMALLEST; size <= NewBlock.BYTES_MAX; size <<= FACTOR_BITS) {
      idle.add(new ArrayDeque<>());
    }
  }

  /** A buffer of at least so many bytes, at most those of a block; what it contains is garbage. */
  ByteBuffer take(int bytes) {
    int index = indexFor(bytes);
    synchronized (this) {
      ByteBuffer buffer = idle.get(index).pollLast();
      if (buffer != null) {
        idleBytes -= buffer.capacity();
        return buffer.clear();
      }
    }
    return allocator.apply(SMALLEST << (FACTOR_BITS * index));
  }

  synchronized void give(ByteBuffer buffer) {
    if (idleBytes + buffer.capacity() <= idleBytesMax) {
      idleBytes += buffer.capacity();
      idle.get(indexFor(buffer.capacity())).addLast(buffer);
    }
  }

  private static int indexFor(int bytes) {
    int index = 0;
    for (int size = SMALLEST; size < bytes; size <<= FACTOR_BITS) {
      index++;
    }
    return index;
  }
}
