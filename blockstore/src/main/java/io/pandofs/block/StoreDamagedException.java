package io.pandofs.block;

import java.io.IOException;

/**
 * The tables of an open store cannot be read right. Unlike {@link BlockCorruptException}, which is
 * about one copy, nothing that the store says of its blocks can be relied on any more; it has noted
 * that durably, and the next opening refuses it.
 */
public final class StoreDamagedException extends IOException {
  private static final long serialVersionUID = 1;

  public StoreDamagedException(String message, Throwable cause) {
    super(message, cause);
  }
}
