package io.pandofs.block;

import io.pandofs.common.BlockId;
import java.io.IOException;

/**
 * Another block is stored under the same number: block numbers are never reused, so one is wrong.
 */
public final class BlockConflictException extends IOException {
  private final transient BlockId block;

  public BlockConflictException(BlockId block, String message) {
    super(block + ": " + message);
    this.block = block;
  }

  public BlockId block() {
    return block;
  }
}
