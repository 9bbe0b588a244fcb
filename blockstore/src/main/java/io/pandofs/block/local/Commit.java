package io.pandofs.block.local;

import io.pandofs.block.BlockConflictException;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * One change of the tables, from looking at what is there to the write that makes it durable and
 * the counters that follow. Used by the committer's thread alone; no block is named twice in it.
 *
 * <p>Bulk goes first: the segment's file is synced and ingested before the one synced batch that
 * names it. A crash in between leaves a file that no row knows; {@code Recovery} removes it.
 */
final class Commit implements AutoCloseable {
  private final Tables tables;
  private final Segments segments;
  private final Piece piece;
  private final WriteBatch batch = new WriteBatch();
  private final Map<Long, SegmentRow> changed = new HashMap<>();
  private final List<Work.Put> fresh = new ArrayList<>();
  private final List<Long> dropped = new ArrayList<>();
  private boolean isEmpty = true;
  private boolean madeSegment;

  Commit(Tables tables, Segments segments, Piece piece) {
    this.tables = tables;
    this.segments = segments;
    this.piece = piece;
  }

  /** Takes a put, unless the block is here: then the put is answered. */
  void put(Work.Put put) throws UnreadableRowException {
    LocationRow there = rowOf(put.block());
    if (there == null) {
      fresh.add(put);
    } else if (there.length() == put.data().remaining() && there.crc32c() == put.crc32c()) {
      put.done().complete(null);
    } else {
      put.done()
          .completeExceptionally(
              new BlockConflictException(
                  put.block(),
                  "here with length and checksum "
                      + there.length()
                      + " "
                      + Integer.toHexString(there.crc32c())
                      + ", put with "
                      + put.data().remaining()
                      + " "
                      + Integer.toHexString(put.crc32c())));
    }
  }

  void delete(Work.Delete delete) throws RocksDBException, UnreadableRowException {
    Map<BlockId, LocationRow> there = new LinkedHashMap<>();
    for (BlockId block : delete.blocks()) {
      LocationRow row = rowOf(block);
      if (row != null) {
        there.put(block, row);
      }
    }
    for (Map.Entry<BlockId, LocationRow> each : there.entrySet()) {
      tables.deleteLocation(batch, each.getKey().value());
      takeFrom(each.getKey(), each.getValue());
    }
  }

  private @Nullable LocationRow rowOf(BlockId block) throws UnreadableRowException {
    try {
      return tables.location(block.value());
    } catch (RocksDBException | DamagedRowException e) {
      throw new UnreadableRowException(block, e);
    }
  }

  /** Puts not answered yet. */
  List<Work.Put> fresh() {
    return fresh;
  }

  long freshBytes() {
    return fresh.stream().mapToLong(Work.Put::bytes).sum();
  }

  /** Puts the fresh blocks into the batch itself. */
  void storeSmall() throws RocksDBException {
    for (Work.Put put : fresh) {
      int length = put.data().remaining();
      for (int number = 0; number < Keys.pieces(length); number++) {
        tables.putSmallPiece(
            batch,
            piece,
            put.block().value(),
            number,
            put.data()
                .slice(
                    put.data().position() + number * Keys.PIECE_BYTES,
                    Keys.pieceLength(length, number)));
      }
      addTo(Keys.SMALL, put.block(), put.row(Keys.SMALL));
    }
  }

  /** Puts the fresh blocks into a segment of their own. */
  void storeSegment(Path incoming) throws RocksDBException, IOException {
    fresh.sort(Comparator.comparing(Work.Put::block));
    long segment = segments.takeNumber();
    try (SegmentFile file = new SegmentFile(tables, incoming, segment, piece)) {
      for (Work.Put put : fresh) {
        file.add(put.block(), put.data());
      }
      file.finish();
      file.ingest();
      made(segment, file.payload());
    }
    for (Work.Put put : fresh) {
      addTo(segment, put.block(), put.row(segment));
    }
  }

  /** Points blocks to their copies, except for those that changed since. */
  void move(Work.Move move) throws RocksDBException {
    tables.ingest(move.file());
    made(move.segment(), move.payload());
    for (Work.Moved moved : move.moved()) {
      LocationRow now = tables.location(moved.block().value());
      if (now != null && now.equals(moved.from())) {
        takeFrom(moved.block(), now);
        addTo(move.segment(), moved.block(), now.in(move.segment()));
      }
    }
  }

  /** Removes the rows of segments whose files are gone. */
  void drop(Work.Drop drop) throws RocksDBException {
    for (long segment : drop.segments()) {
      if (!segments.get(segment).isDead()) {
        throw new IllegalStateException("segment " + segment + " is not dead");
      }
      if (tables.dropSegmentFile(segment)) {
        tables.setSegment(batch, segment, null);
        dropped.add(segment);
        isEmpty = false;
      }
    }
  }

  /** Makes all of it durable and visible, and then counts it. */
  void write() throws RocksDBException {
    for (Map.Entry<Long, SegmentRow> entry : changed.entrySet()) {
      tables.setSegment(batch, entry.getKey(), entry.getValue());
    }
    if (madeSegment) {
      tables.setNextSegment(batch, segments.nextNumber());
    }
    if (!isEmpty) {
      tables.write(batch);
    }
    changed.forEach(segments::set);
    dropped.forEach(segments::remove);
  }

  private void made(long segment, long payload) {
    changed.put(segment, new SegmentRow(payload, 0, 0));
    madeSegment = true;
    isEmpty = false;
  }

  private SegmentRow current(long segment) {
    SegmentRow row = changed.get(segment);
    return row != null ? row : segments.get(segment);
  }

  private void addTo(long segment, BlockId block, LocationRow row) throws RocksDBException {
    tables.putLocation(batch, block.value(), row);
    changed.put(segment, current(segment).plus(row.length()));
    isEmpty = false;
  }

  private void takeFrom(BlockId block, LocationRow row) throws RocksDBException {
    changed.put(row.segment(), current(row.segment()).minus(row.length()));
    if (row.segment() == Keys.SMALL) {
      tables.deleteSmallPieces(batch, block.value(), row.pieces());
    }
    isEmpty = false;
  }

  @Override
  public void close() {
    batch.close();
  }
}
