package io.pandofs.common.net;

import java.io.IOException;

/** What came over a connection is not a frame; the connection is of no more use. */
final class MalformedFrameException extends IOException {
  MalformedFrameException(String message) {
    super(message);
  }
}
