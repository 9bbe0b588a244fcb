package io.pandofs.block;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A local store cannot be opened as it is; nothing on disk was changed. The message is one sentence
 * for the person who runs the node.
 */
public final class StoreRefusedException extends IOException {
  /** Why. */
  public enum Reason {
    /** Files are missing, or do not match their checksums. */
    DAMAGED,
    /** The database is not taken, whyever: it may be of another version, or of something else. */
    UNUSABLE,
    /** A later version of Pando wrote it. */
    NEWER_VERSION,
    /** Another process, or another store in this one, has it open. */
    LOCKED,
    /** It belongs to another incarnation of this node, or to another node. */
    WRONG_STAMP
  }

  private final Reason reason;

  public StoreRefusedException(Reason reason, Path directory, String what) {
    super("block store " + directory + " " + what);
    this.reason = reason;
  }

  public StoreRefusedException(Reason reason, Path directory, String what, Throwable cause) {
    super("block store " + directory + " " + what, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
