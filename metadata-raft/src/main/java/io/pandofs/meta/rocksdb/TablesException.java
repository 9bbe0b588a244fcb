package io.pandofs.meta.rocksdb;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** Tables that cannot be opened or used; the message is one sentence for a person. */
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

  /** What RocksDB's own status means; null when it is no fault of files or disks. */
  static @Nullable Kind kindOf(RocksDBException e) {
    Status status = e.getStatus();
    Status.Code code = status == null ? Status.Code.Undefined : status.getCode();
    String message = String.valueOf(e.getMessage());
    if (code == Status.Code.Corruption) {
      return Kind.DAMAGED;
    }
    if (code != Status.Code.IOError) {
      return null;
    }
    if (message.contains("No space left") || message.contains("quota exceeded")) {
      return Kind.FULL;
    }
    return message.contains("No such file") ? Kind.DAMAGED : Kind.UNUSABLE;
  }

  public Kind kind() {
    return kind;
  }

  /** What is wrong. */
  public enum Kind {
    /** Files are missing or their bytes are not what was written. */
    DAMAGED,
    /** Written by a newer Pando, or one so old that this one cannot read it. */
    OTHER_VERSION,
    /** Another process has them open. */
    LOCKED,
    /** The disk is full. */
    FULL,
    /** The disk or its permissions. */
    UNUSABLE
  }
}
