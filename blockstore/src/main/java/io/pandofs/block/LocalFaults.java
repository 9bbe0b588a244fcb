package io.pandofs.block;

import io.pandofs.common.BlockId;

/**
 * Is told of copies that ought to be here and are not good. Thread-safe; cheap; may be told of the
 * same block many times, and of blocks that nobody needs.
 */
public interface LocalFaults {
  /** A reader asked for the block and this node has none. */
  void missing(BlockId block);

  /** This node's copy does not match its checksum or cannot be read. */
  void damaged(BlockId block);
}
