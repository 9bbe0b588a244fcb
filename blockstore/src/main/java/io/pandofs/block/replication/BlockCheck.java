package io.pandofs.block.replication;

import io.pandofs.block.BlockRow;
import io.pandofs.block.Blocks;
import io.pandofs.block.CopyCheck;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks this node's copies against the log's block table ({@link CopyCheck}), and tells the {@link
 * Keeper} of those that are bad or gone. Not thread-safe. Memory: one buffer of 4 MiB from the
 * first check to {@link #rest}.
 */
public final class BlockCheck {
  private static final Logger LOG = LoggerFactory.getLogger(BlockCheck.class);

  private final Replication replication;
  private final Keeper keeper;
  private @Nullable ByteBuffer buffer;

  public BlockCheck(Replication replication, Keeper keeper) {
    this.replication = replication;
    this.keeper = keeper;
  }

  /** Whether this node must hold the block. */
  public boolean isMine(BlockId block) {
    return replication.isReplicaOf(block.group());
  }

  /**
   * Whether a block that this node must hold is bad or gone. One that is gone and known to be, or
   * that nothing references any more, is none.
   */
  public boolean isFaulty(BlockRow row) {
    BlockId block = row.block();
    CopyCheck.Verdict verdict;
    try {
      verdict = CopyCheck.of(replication.local(), row, buffer());
    } catch (IOException e) {
      LOG.warn("scrub cannot check {}: {}", block, e.toString());
      verdict = CopyCheck.Verdict.DAMAGED;
    }
    if (verdict == CopyCheck.Verdict.GOOD || replication.directory().row(block) == null) {
      return false;
    }
    if (verdict == CopyCheck.Verdict.MISSING) {
      if (replication.directory().isNeeded(block)) {
        return false; // Known, and on its way.
      }
      LOG.warn("scrub: {} is gone from this node's store", block);
      keeper.missing(block);
    } else {
      LOG.warn("scrub: the copy of {} is bad", block);
      keeper.damaged(block);
    }
    return true;
  }

  private ByteBuffer buffer() {
    ByteBuffer ready = buffer;
    if (ready == null) {
      ready = ByteBuffer.allocateDirect(Blocks.BLOCK_BYTES_MAX);
      buffer = ready;
    }
    return ready;
  }

  /** Nothing is checked for a while. */
  void rest() {
    buffer = null;
  }
}
