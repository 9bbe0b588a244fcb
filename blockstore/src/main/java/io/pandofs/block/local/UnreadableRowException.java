package io.pandofs.block.local;

import io.pandofs.common.BlockId;
import java.io.IOException;

/** The row of a block cannot be read. Says nothing of whether the tables can be written. */
final class UnreadableRowException extends IOException {
  private static final long serialVersionUID = 1;

  UnreadableRowException(BlockId block, Exception cause) {
    super("the row of " + block + " cannot be read", cause);
  }
}
