package io.pandofs.block;

import io.pandofs.common.BlockId;
import java.io.IOException;

/** The block is not in this store. */
public final class BlockMissingException extends IOException {
  private final transient BlockId block;

  public BlockMissingException(BlockId block, String message) {
    super(block + ": " + message);
    this.block = block;
  }

  public BlockId block() {
    return block;
  }
}
