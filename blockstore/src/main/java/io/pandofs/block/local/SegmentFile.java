package io.pandofs.block.local;

import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/**
 * The table file of a segment in the making, outside of the database. Blocks are added in order of
 * their number. Closing it removes the file unless it was ingested. One thread at a time.
 */
final class SegmentFile implements AutoCloseable {
  private final Tables tables;
  private final long segment;
  private final Path file;
  private final Piece piece;
  private final SstFileWriter writer;
  private long payload;

  /**
   * @param piece used while blocks are added
   */
  SegmentFile(Tables tables, Path incoming, long segment, Piece piece) throws RocksDBException {
    this.tables = tables;
    this.segment = segment;
    this.file = incoming.resolve(segment + ".sst");
    this.piece = piece;
    this.writer = tables.segmentWriter();
    try {
      writer.open(file.toString());
    } catch (RocksDBException e) {
      writer.close();
      throw e;
    }
  }

  /** Adds a block, from position to limit; the buffer is not changed. */
  void add(BlockId block, ByteBuffer data) throws RocksDBException {
    int length = data.remaining();
    for (int number = 0; number < Keys.pieces(length); number++) {
      ByteBuffer part =
          data.slice(data.position() + number * Keys.PIECE_BYTES, Keys.pieceLength(length, number));
      ByteBuffer key = piece.key(segment, block.value(), number);
      writer.put(key, piece.encode(part));
    }
    payload += length;
  }

  /** Bytes of blocks added so far. */
  long payload() {
    return payload;
  }

  Path file() {
    return file;
  }

  /** Puts the whole file on stable storage. */
  void finish() throws RocksDBException {
    writer.finish();
  }

  void ingest() throws RocksDBException {
    tables.ingest(file);
  }

  /** Lets go of the file without removing it. */
  void release() {
    writer.close();
  }

  @Override
  public void close() throws IOException {
    writer.close();
    Files.deleteIfExists(file);
  }
}
