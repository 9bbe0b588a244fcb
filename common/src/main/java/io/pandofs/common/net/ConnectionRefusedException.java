package io.pandofs.common.net;

import java.io.IOException;

/** The host answers, and nobody listens at the port: the process that did is gone. */
public final class ConnectionRefusedException extends IOException {
  private static final long serialVersionUID = 1;

  ConnectionRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
