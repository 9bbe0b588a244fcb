package io.pandofs.block.local;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Reads ranges of blocks. Thread-safe; the caller is inside the {@link Gate}.
 *
 * <p>Every piece touched is checked against its own CRC32C, so RocksDB's check of the same bytes is
 * off. A range of a few pieces is read by gets; a longer one by an iterator that reads ahead as far
 * as the range goes. A block may be moved to another segment between the look at its row and the
 * look at its pieces, or deleted and put again: a bad read counts only when it was bad twice under
 * the same row.
 */
final class BlockReader {
  /** From how many pieces on an iterator is faster than gets when the disk's cache is cold. */
  private static final int ITERATE_FROM = 4;

  private final Tables tables;
  private final Rows rows;
  private final Damage damage;
  private final PiecePool pool = new PiecePool();

  /** Where rows come from: the tables; in a test, somebody who changes them at the worst time. */
  interface Rows {
    @Nullable LocationRow of(long block) throws RocksDBException;
  }

  BlockReader(Tables tables, Damage damage) {
    this(tables, tables::location, damage);
  }

  BlockReader(Tables tables, Rows rows, Damage damage) {
    this.tables = tables;
    this.rows = rows;
    this.damage = damage;
  }

  void read(BlockId block, int offset, ByteBuffer into) throws IOException {
    LocationRow row = locate(block);
    if (offset < 0 || offset > row.length() - into.remaining()) {
      throw new IllegalArgumentException(
          offset + "+" + into.remaining() + " is not within " + block + " of " + row.length());
    }
    int start = into.position();
    boolean isSecond = false;
    while (true) {
      try {
        readAt(row, block, offset, into);
        return;
      } catch (BlockCorruptException e) {
        LocationRow now = locate(block);
        if (isSecond && now.equals(row)) {
          throw e;
        }
        isSecond = now.equals(row);
        row = now;
        into.position(start);
      }
    }
  }

  private LocationRow locate(BlockId block) throws IOException {
    try {
      LocationRow row = rows.of(block.value());
      if (row == null) {
        throw new BlockMissingException(block, "not in this store");
      }
      return row;
    } catch (RocksDBException | DamagedRowException e) {
      throw damage.of("the row of " + block + " cannot be read", e);
    }
  }

  /** Reads from the place that the row names, whether or not that is still the block's. */
  void readAt(LocationRow row, BlockId block, int offset, ByteBuffer into)
      throws BlockCorruptException {
    if (!into.hasRemaining()) {
      return;
    }
    int first = offset / Keys.PIECE_BYTES;
    int last = (offset + into.remaining() - 1) / Keys.PIECE_BYTES;
    Piece piece = pool.borrow();
    int skip = offset - first * Keys.PIECE_BYTES;
    try {
      if (last - first + 1 < ITERATE_FROM) {
        get(row, block, first, last, skip, piece, into);
      } else {
        iterate(row, block, first, last, skip, piece, into);
      }
    } finally {
      pool.giveBack(piece);
    }
  }

  private void get(
      LocationRow row, BlockId block, int first, int last, int skip, Piece piece, ByteBuffer into)
      throws BlockCorruptException {
    for (int number = first; number <= last; number++) {
      int size;
      try {
        size = tables.readPiece(row.segment(), piece, block.value(), number);
      } catch (RocksDBException e) {
        throw corrupt(block, number, "cannot be read: " + e.getMessage(), e);
      }
      take(row, block, number, number == first ? skip : 0, size, piece, into);
    }
  }

  private void iterate(
      LocationRow row, BlockId block, int first, int last, int skip, Piece piece, ByteBuffer into)
      throws BlockCorruptException {
    long ahead = (long) (last - first + 1) * (Keys.PIECE_BYTES + Piece.HEADER_BYTES);
    try (ReadOptions options =
            new ReadOptions()
                .setVerifyChecksums(false)
                .setFillCache(false)
                .setReadaheadSize(ahead);
        RocksIterator at = tables.pieces(row.segment(), options)) {
      at.seek(piece.key(row.segment(), block.value(), first));
      for (int number = first; number <= last; number++) {
        int size = standsOn(at, row.segment(), block, number, piece) ? at.value(piece.value()) : -1;
        take(row, block, number, number == first ? skip : 0, size, piece, into);
        if (number < last) {
          at.next();
        }
      }
    }
  }

  private static boolean standsOn(
      RocksIterator at, long segment, BlockId block, int number, Piece piece)
      throws BlockCorruptException {
    if (!at.isValid()) {
      try {
        at.status();
        return false;
      } catch (RocksDBException e) {
        throw corrupt(block, number, "cannot be read: " + e.getMessage(), e);
      }
    }
    piece.key(segment, block.value(), number);
    return at.key(piece.found()) == Keys.PIECE_KEY_BYTES && piece.isAtKey();
  }

  /** Checks the piece that was read and copies the part of it that is asked for. */
  private static void take(
      LocationRow row, BlockId block, int number, int skip, int size, Piece piece, ByteBuffer into)
      throws BlockCorruptException {
    if (size < 0) {
      throw corrupt(block, number, "is gone", null);
    }
    ByteBuffer data = piece.decode(size, Keys.pieceLength(row.length(), number));
    if (data == null) {
      throw corrupt(block, number, "does not match its checksum", null);
    }
    data.position(data.position() + skip);
    data.limit(data.position() + Math.min(data.remaining(), into.remaining()));
    into.put(data);
  }

  private static BlockCorruptException corrupt(
      BlockId block, int number, String what, @Nullable Throwable cause) {
    BlockCorruptException e = new BlockCorruptException(block, "piece " + number + " " + what);
    if (cause != null) {
      e.initCause(cause);
    }
    return e;
  }
}
