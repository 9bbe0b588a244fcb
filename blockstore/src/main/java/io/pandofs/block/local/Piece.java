package io.pandofs.block.local;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Direct buffers for the key and the value of one piece. Not thread-safe: borrowed from {@link
 * PiecePool}.
 *
 * <p>Value: version 1 (u8), CRC32C (u32) over block (u64), piece (u16) and the data, then the data.
 * The number in the checksum makes a piece that landed under another key a bad one.
 */
final class Piece {
  static final int VERSION = 1;
  static final int HEADER_BYTES = 1 + 4;
  private static final int NUMBER_AT = 8;

  private final ByteBuffer key = ByteBuffer.allocateDirect(Keys.PIECE_KEY_BYTES);
  private final ByteBuffer found = ByteBuffer.allocateDirect(Keys.PIECE_KEY_BYTES);
  private final ByteBuffer value = ByteBuffer.allocateDirect(HEADER_BYTES + Keys.PIECE_BYTES);
  private final CRC32C crc = new CRC32C();

  /** The key, set to this piece. */
  ByteBuffer key(long segment, long block, int piece) {
    Keys.piece(key, segment, block, piece);
    return key;
  }

  /** An empty buffer for a key that an iterator stands on. */
  ByteBuffer found() {
    return found.clear();
  }

  /** An empty buffer for a value to be read. */
  ByteBuffer value() {
    return value.clear();
  }

  /** The value that holds this data under the key set last, ready to be written. */
  ByteBuffer encode(ByteBuffer data) {
    value.clear().position(HEADER_BYTES);
    value.put(data).flip();
    value.put(0, (byte) VERSION).putInt(1, checksum());
    return value;
  }

  /** Whether the key that was found is the one that was set. */
  boolean isAtKey() {
    return found.rewind().equals(key.duplicate().rewind());
  }

  /**
   * The data of the value that was read under the key set last.
   *
   * @param size the size that the store gave for the value
   * @return null if it is not good data of this length
   */
  @org.jspecify.annotations.Nullable
  ByteBuffer decode(int size, int length) {
    if (size != HEADER_BYTES + length) {
      return null;
    }
    value.clear().limit(size);
    if (value.get(0) != VERSION || value.getInt(1) != checksum()) {
      return null;
    }
    return value.position(HEADER_BYTES);
  }

  private int checksum() {
    crc.reset();
    crc.update(key.duplicate().clear().position(NUMBER_AT));
    crc.update(value.duplicate().position(HEADER_BYTES));
    return (int) crc.getValue();
  }
}
