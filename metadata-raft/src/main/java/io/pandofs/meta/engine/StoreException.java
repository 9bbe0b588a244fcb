package io.pandofs.meta.engine;

/**
 * The tables cannot be read or written, or a row in them makes no sense. A fault of the
 * surroundings: the node that meets it must stop applying.
 */
public final class StoreException extends RuntimeException {
  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
