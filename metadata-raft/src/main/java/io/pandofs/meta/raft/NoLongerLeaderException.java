package io.pandofs.meta.raft;

import java.io.IOException;

/** It was put into the log here, but another node has to acknowledge it; ask again. */
final class NoLongerLeaderException extends IOException {
  private static final long serialVersionUID = 1;

  NoLongerLeaderException(String message) {
    super(message);
  }
}
