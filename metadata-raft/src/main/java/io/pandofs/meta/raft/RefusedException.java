package io.pandofs.meta.raft;

import java.io.IOException;

/** What was asked makes no sense or is not allowed; the message is one line for a person. */
public final class RefusedException extends IOException {
  public RefusedException(String message) {
    super(message);
  }
}
