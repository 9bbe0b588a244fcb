package io.pandofs.meta.raft;

import java.io.IOException;

/** Nobody leads just now, or not the one who was asked: try again soon. No stack trace. */
final class NoLeaderException extends IOException {
  NoLeaderException(String message) {
    super(message);
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
