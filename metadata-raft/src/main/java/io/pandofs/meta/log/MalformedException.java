package io.pandofs.meta.log;

/** Bytes that are no log entry and no reply, or of a version that this program does not know. */
public final class MalformedException extends Exception {
  public MalformedException(String message) {
    super(message);
  }

  public MalformedException(String message, Throwable cause) {
    super(message, cause);
  }
}
