package io.pandofs.mount.vfs;

import java.nio.ByteBuffer;

/**
 * Written bytes of a file without a gap, within one aligned stretch of a block's size. Not
 * thread-safe; frozen once it is sealed in a batch.
 */
final class Run {

  private final long start;
  private ByteBuffer buffer;
  private int length;

  Run(long start, ByteBuffer buffer) {
    this.start = start;
    this.buffer = buffer;
  }

  long start() {
    return start;
  }

  long end() {
    return start + length;
  }

  int length() {
    return length;
  }

  ByteBuffer buffer() {
    return buffer;
  }

  /** The bytes, as a buffer of its own. */
  ByteBuffer bytes() {
    return buffer.slice(0, length);
  }

  /** Moves to a larger buffer and returns the old one. */
  ByteBuffer moveTo(ByteBuffer larger) {
    ByteBuffer old = buffer;
    larger.put(0, old, 0, length);
    buffer = larger;
    return old;
  }

  /** Takes the next {@code count} bytes of the source for the place {@code at} of the file. */
  void put(long at, ByteBuffer source, int count) {
    int index = (int) (at - start);
    buffer.put(index, source, source.position(), count);
    source.position(source.position() + count);
    length = Math.max(length, index + count);
  }

  /** Copies the file's {@code [from, to)} to the given place of a buffer. */
  void copy(long from, long to, ByteBuffer into, int index) {
    into.put(index, buffer, (int) (from - start), (int) (to - from));
  }
}
