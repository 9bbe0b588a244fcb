package io.pandofs.block.net;

import java.io.IOException;

/** A peer's message that is well framed and makes no sense. */
final class BadRequestException extends IOException {
  BadRequestException(String message) {
    super(message);
  }
}
