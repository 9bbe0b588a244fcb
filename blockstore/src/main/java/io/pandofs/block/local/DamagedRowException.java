package io.pandofs.block.local;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A row of a table is not what any version of Pando wrote. */
final class DamagedRowException extends UncheckedIOException {
  DamagedRowException(String message) {
    super(new IOException(message));
  }
}
