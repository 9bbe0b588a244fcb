package io.pandofs.block.local;

import java.nio.ByteBuffer;

/** Keys of the tables, big-endian so that byte order is number order, and the sizes behind them. */
final class Keys {
  /** The unit in which a block's bytes are kept and checked. */
  static final int PIECE_BYTES = 64 << 10;

  /** Segment (u64), block (u64), piece (u16). */
  static final int PIECE_KEY_BYTES = 8 + 8 + 2;

  /** The "segment" of blocks whose pieces are in the table of small blocks. */
  static final long SMALL = 0;

  private Keys() {}

  static byte[] number(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  static long number(byte[] key) {
    if (key.length != 8) {
      throw new DamagedRowException("a key of " + key.length + " bytes instead of 8");
    }
    return ByteBuffer.wrap(key).getLong();
  }

  static byte[] piece(long segment, long block, int piece) {
    ByteBuffer key = ByteBuffer.allocate(PIECE_KEY_BYTES);
    piece(key, segment, block, piece);
    return key.array();
  }

  /** Fills the cleared buffer and flips it. */
  static void piece(ByteBuffer key, long segment, long block, int piece) {
    key.clear().putLong(segment).putLong(block).putShort((short) piece).flip();
  }

  /** The first key of a segment, which is also the end of the one before it. */
  static byte[] segmentStart(long segment) {
    return piece(segment, 0, 0);
  }

  static long segmentOf(byte[] pieceKey) {
    return ByteBuffer.wrap(pieceKey).getLong(0);
  }

  static long blockOf(byte[] pieceKey) {
    return ByteBuffer.wrap(pieceKey).getLong(8);
  }

  static int pieces(int length) {
    return (length + PIECE_BYTES - 1) / PIECE_BYTES;
  }

  static int pieceLength(int length, int piece) {
    return Math.min(PIECE_BYTES, length - piece * PIECE_BYTES);
  }

  /** Past the version byte of a row that has exactly this size and version. */
  static ByteBuffer versioned(byte[] bytes, int version, int size, String what) {
    if (bytes.length != size || bytes[0] != version) {
      throw new DamagedRowException("not a " + what + " row of version " + version);
    }
    return ByteBuffer.wrap(bytes, 1, size - 1);
  }
}
