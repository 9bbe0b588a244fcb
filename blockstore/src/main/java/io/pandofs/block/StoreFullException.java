package io.pandofs.block;

import java.io.IOException;

/**
 * The disk of a local store has no room for what was put, or so many replicas' disks have none that
 * no quorum is left. Reads and deletes go on, and puts once there is space.
 */
public final class StoreFullException extends IOException {
  public StoreFullException(String message) {
    super(message);
  }

  public StoreFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
