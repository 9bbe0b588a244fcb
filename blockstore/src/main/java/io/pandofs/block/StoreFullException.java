package io.pandofs.block;

import java.io.IOException;

/** The disk of a local store has no room for what was put. Nothing was stored; reads go on. */
public final class StoreFullException extends IOException {
  public StoreFullException(String message) {
    super(message);
  }

  public StoreFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
