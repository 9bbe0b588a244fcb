package io.pandofs.block.local;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.Blocks;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies live blocks of old segments into a new one and has the committer point to the copies. One
 * thread at a time. A block that cannot be read stays where it is, for a reader to find it bad, and
 * its segment is left alone until the store is opened again.
 */
final class Copier {
  private static final Logger LOG = LoggerFactory.getLogger(Copier.class);

  private final Tables tables;
  private final Segments segments;
  private final BlockReader reader;
  private final Committer committer;
  private final Path incoming;
  private final Set<Long> damaged = new HashSet<>();
  private final Piece piece = new Piece();

  Copier(Tables tables, Segments segments, BlockReader reader, Committer committer, Path incoming) {
    this.tables = tables;
    this.segments = segments;
    this.reader = reader;
    this.committer = committer;
    this.incoming = incoming;
  }

  /** Whether the segment has blocks that cannot be copied. */
  boolean isDamaged(long segment) {
    return damaged.contains(segment);
  }

  /**
   * Moves what lives in the segments, up to the limit in bytes (and one block more), into a new
   * one.
   *
   * @return bytes moved
   */
  long copy(List<Long> from, long limitBytes) throws RocksDBException, IOException {
    List<Work.Moved> live = new ArrayList<>();
    long left = limitBytes;
    for (long segment : from) {
      left -= collect(segment, left, live);
    }
    if (live.isEmpty()) {
      return 0;
    }
    live.sort(Comparator.comparing(Work.Moved::block));
    ByteBuffer block = ByteBuffer.allocate(Blocks.BLOCK_BYTES_MAX);
    long target = segments.takeNumber();
    try (SegmentFile file = new SegmentFile(tables, incoming, target, piece)) {
      List<Work.Moved> copied = new ArrayList<>();
      for (Work.Moved moved : live) {
        if (readWhole(moved, block)) {
          file.add(moved.block(), block);
          copied.add(moved);
        }
      }
      if (copied.isEmpty()) {
        return 0;
      }
      file.finish();
      Work.Move move =
          new Work.Move(target, file.file(), file.payload(), copied, new CompletableFuture<>());
      committer.submit(move);
      Waiting.on(move.done());
      return file.payload();
    }
  }

  private boolean readWhole(Work.Moved moved, ByteBuffer block) {
    block.clear().limit(moved.from().length());
    try {
      reader.readAt(moved.from(), moved.block(), 0, block);
      block.flip();
      return true;
    } catch (BlockCorruptException e) {
      // A block deleted meanwhile from the table of small blocks looks the same; then the next
      // round does not find it any more.
      if (moved.from().segment() != Keys.SMALL && damaged.add(moved.from().segment())) {
        LOG.warn("segment {} cannot be tidied up", moved.from().segment(), e);
      }
      return false;
    }
  }

  /** Adds the live blocks of a segment until the limit is passed; their bytes. */
  private long collect(long segment, long limitBytes, List<Work.Moved> into)
      throws RocksDBException {
    long bytes = 0;
    try (ReadOptions options = new ReadOptions().setFillCache(false);
        RocksIterator at = tables.pieces(segment, options)) {
      at.seek(Keys.segmentStart(segment));
      while (bytes < limitBytes && at.isValid() && Keys.segmentOf(at.key()) == segment) {
        long number = Keys.blockOf(at.key());
        LocationRow row = tables.location(number);
        if (row != null && row.segment() == segment) {
          into.add(new Work.Moved(new BlockId(number), row));
          bytes += row.length();
        }
        at.seek(Keys.piece(segment, number + 1, 0));
      }
      at.status();
    } catch (RocksDBException | DamagedRowException e) {
      damaged.add(segment);
      throw e;
    }
    return bytes;
  }
}
