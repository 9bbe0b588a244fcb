package io.pandofs.meta.engine;

import java.nio.ByteBuffer;

/** Keys of the tables: big-endian, so that byte order is number order (docs/formats.md). */
final class Keys {
  private Keys() {}

  static byte[] of(long first) {
    return ByteBuffer.allocate(Long.BYTES).putLong(first).array();
  }

  static byte[] of(long first, long second) {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(first).putLong(second).array();
  }

  static byte[] of(long first, byte[] second) {
    return ByteBuffer.allocate(Long.BYTES + second.length).putLong(first).put(second).array();
  }

  static byte[] of(long first, int kind, long second) {
    return ByteBuffer.allocate(2 * Long.BYTES + 1)
        .putLong(first)
        .put((byte) kind)
        .putLong(second)
        .array();
  }

  static byte[] system(SystemKind kind) {
    return new byte[] {(byte) kind.code()};
  }

  static byte[] system(SystemKind kind, long number) {
    return ByteBuffer.allocate(Long.BYTES + 1).put((byte) kind.code()).putLong(number).array();
  }

  /** The bound behind all keys that begin with this number, which is not negative. */
  static byte[] after(long first) {
    // Of the largest number the successor is negative, whose bytes are the larger ones.
    return of(first + 1);
  }

  /** The first number of a key, and the whole of a one-number key. */
  static long first(byte[] key) {
    return at(key, 0);
  }

  static long second(byte[] key) {
    return at(key, Long.BYTES);
  }

  static long at(byte[] key, int offset) {
    if (key.length < offset + Long.BYTES) {
      throw new StoreException("damaged tables: a key that is too short");
    }
    return ByteBuffer.wrap(key).getLong(offset);
  }
}
