package io.pandofs.block;

import io.pandofs.common.BlockId;
import java.io.IOException;

/** The block is in this store, but its bytes do not match their checksum or cannot be read. */
public final class BlockCorruptException extends IOException {
  private final transient BlockId block;

  public BlockCorruptException(BlockId block, String message) {
    super(block + ": " + message);
    this.block = block;
  }

  public BlockId block() {
    return block;
  }
}
