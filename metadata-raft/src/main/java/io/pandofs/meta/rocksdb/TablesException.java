package io.pandofs.meta.rocksdb;

import java.io.IOException;

/** Tables that cannot be opened; the message is one sentence for a person. */
public final class TablesException extends IOException {
  private final Kind kind;

  TablesException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  TablesException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** What is wrong. */
  public enum Kind {
    /** Files are missing or their bytes are not what was written. */
    DAMAGED,
    /** Written by a newer Pando. */
    NEWER,
    /** Another process has them open. */
    LOCKED,
    /** The disk or its permissions. */
    UNUSABLE
  }
}
