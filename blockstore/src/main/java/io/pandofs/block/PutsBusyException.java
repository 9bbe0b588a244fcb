package io.pandofs.block;

import java.io.IOException;

/** A put has waited for room among the puts under way, and got none in time. */
public final class PutsBusyException extends IOException {
  private static final long serialVersionUID = 1;

  public PutsBusyException(String message) {
    super(message);
  }
}
