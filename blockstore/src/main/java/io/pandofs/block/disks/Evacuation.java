package io.pandofs.block.disks;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Moves all blocks off a store that takes no more. Some at a time are read, checked, put elsewhere,
 * and only then deleted: one that is interrupted leaves every block in one place at least, some in
 * two. A block that is dropped while it moves may be put anew after its deletion; the collector's
 * sweep finds it. A copy that is bad, or does not match its own row, is left behind when no other
 * disk has a good one. Not thread-safe.
 */
public final class Evacuation {
  private static final int PAGE = 256;
  private static final long STEP_BYTES = 16 << 20;

  /** Is told how far it is after each step of 16 MiB at most and one block, and sets the pace. */
  public interface Progress {
    /**
     * The next step waits for its return.
     *
     * @param blocks moved so far
     * @param bytes read and written for that
     */
    void moved(long blocks, long bytes) throws IOException, InterruptedException;
  }

  /** The other disks. */
  interface Others {
    /** Whether one has the block with all its bytes right; reads them. */
    boolean haveGood(LocalBlock block) throws IOException;

    /** Deletes what they have of the block, or a put would take a bad copy for the block. */
    void delete(BlockId block) throws IOException;
  }

  private final LocalBlocks to;
  private final LocalBlocks from;
  private final Progress progress;
  private long blocks;
  private long bytes;
  private long bad;

  Evacuation(LocalBlocks to, LocalBlocks from, Progress progress) {
    this.to = to;
    this.from = from;
    this.progress = progress;
  }

  /** Returns how many copies were bad and stayed. */
  long run(Others others) throws IOException, InterruptedException {
    List<LocalBlock> page = from.scan(0, PAGE);
    while (!page.isEmpty()) {
      Deque<LocalBlock> left = new ArrayDeque<>(page);
      while (!left.isEmpty()) {
        step(left, others);
        progress.moved(blocks, bytes);
      }
      page = from.scan(page.get(page.size() - 1).block().value(), PAGE);
    }
    return bad;
  }

  private void step(Deque<LocalBlock> left, Others others)
      throws IOException, InterruptedException {
    List<BlockId> moved = new ArrayList<>();
    List<CompletableFuture<Void>> puts = new ArrayList<>();
    long held = 0;
    while (!left.isEmpty() && held < STEP_BYTES) {
      LocalBlock block = left.remove();
      if (!others.haveGood(block)) {
        ByteBuffer good = ByteBuffer.allocate(block.length());
        if (!isRead(block, good)) {
          continue;
        }
        others.delete(block.block());
        held += block.length();
        puts.add(to.put(block.session(), block.block(), good, block.crc32c()));
      }
      moved.add(block.block());
    }
    for (CompletableFuture<Void> put : puts) {
      await(put);
    }
    from.delete(moved);
    blocks += moved.size();
    bytes += held;
  }

  private boolean isRead(LocalBlock block, ByteBuffer into) throws IOException {
    try {
      from.read(block.block(), 0, into);
      into.flip();
      if (Checksums.crc32c(into) == block.crc32c()) {
        return true;
      }
    } catch (BlockMissingException e) {
      return false; // Deleted since the scan.
    } catch (BlockCorruptException e) {
      into.clear();
    }
    bad++;
    return false;
  }

  private static void await(CompletableFuture<Void> put) throws IOException, InterruptedException {
    try {
      put.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IOException(
          "a block cannot be put on another disk: " + (cause == null ? e : cause.getMessage()), e);
    }
  }
}
