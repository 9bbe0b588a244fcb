package io.pandofs.common.net;

import java.io.IOException;

/** The other side answered that it could not do what was asked; the message is its one line. */
public final class RemoteException extends IOException {
  public RemoteException(String message) {
    super(message);
  }
}
