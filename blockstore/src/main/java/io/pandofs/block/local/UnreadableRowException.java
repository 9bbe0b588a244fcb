package io.pandofs.block.local;

import io.pandofs.common.BlockId;

/** The row of a block cannot be read. Says nothing of whether the tables can be written. */
final class UnreadableRowException extends Exception {
  private static final long serialVersionUID = 1;

  private final Exception reason;

  UnreadableRowException(BlockId block, Exception reason) {
    super("the row of " + block + " cannot be read", reason);
    this.reason = reason;
  }

  Exception reason() {
    return reason;
  }
}
