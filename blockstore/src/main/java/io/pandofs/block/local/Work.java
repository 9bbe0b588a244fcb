package io.pandofs.block.local;

import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A change of the tables, waiting for the committer. */
sealed interface Work {
  CompletableFuture<Void> done();

  /** The blocks it names. */
  List<BlockId> blocks();

  /** Bytes of blocks that it brings. */
  default long bytes() {
    return 0;
  }

  /** Whether it shares no commit with other work. */
  default boolean isAlone() {
    return false;
  }

  /** A new block. */
  record Put(
      SessionId session, BlockId block, ByteBuffer data, int crc32c, CompletableFuture<Void> done)
      implements Work {
    @Override
    public List<BlockId> blocks() {
      return List.of(block);
    }

    @Override
    public long bytes() {
      return data.remaining();
    }

    LocationRow row(long segment) {
      return new LocationRow(data.remaining(), crc32c, session.value(), segment);
    }
  }

  /** Blocks to remove, if they are here. */
  record Delete(List<BlockId> blocks, CompletableFuture<Void> done) implements Work {
    public Delete {
      blocks = List.copyOf(blocks);
    }
  }

  /** Live blocks that were copied into a new segment. */
  record Move(
      long segment, Path file, long payload, List<Moved> moved, CompletableFuture<Void> done)
      implements Work {
    @Override
    public List<BlockId> blocks() {
      return List.of();
    }

    @Override
    public boolean isAlone() {
      return true;
    }
  }

  /** A block and the row that it had when it was copied. */
  record Moved(BlockId block, LocationRow from) {}

  /** Dead segments to give back. */
  record Drop(List<Long> segments, CompletableFuture<Void> done) implements Work {
    public Drop {
      segments = List.copyOf(segments);
    }

    @Override
    public List<BlockId> blocks() {
      return List.of();
    }

    @Override
    public boolean isAlone() {
      return true;
    }
  }
}
