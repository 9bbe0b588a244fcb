package io.pandofs.meta.raft;

import io.pandofs.meta.rocksdb.TablesException;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Why a replica does not serve any more.
 *
 * @param reason one line for a person
 */
public record ReplicaFailure(Kind kind, String reason) {
  /** What can be done about it. */
  public enum Kind {
    /** Nothing is wrong with what is on the disk: the replica is started anew at once. */
    INTERRUPTED,
    /**
     * For a reason that nobody told: as INTERRUPTED, but a defect if it happens again and again.
     */
    STOPPED,
    /** The disk is full: the replica comes back by itself when there is space. */
    DISK_FULL,
    /**
     * The disk gave an error. What was not synced may look as if it were, so nothing is tried again
     * on it until a person has looked: the node stays fenced until its process is started anew.
     */
    DISK_ERROR,
    /** What is on the disk is not what was written: the node joins again under a new id. */
    DAMAGED,
    /** The cluster took this node out. */
    REMOVED,
    /** A broken invariant. */
    DEFECT
  }

  private static final int DEPTH_MAX = 20;

  static ReplicaFailure interrupted(String reason) {
    return new ReplicaFailure(Kind.INTERRUPTED, reason);
  }

  /** Judges by the causes, the innermost last; what is no fault of a disk is a defect. */
  static ReplicaFailure of(String what, @Nullable Throwable cause) {
    Kind kind = Kind.DEFECT;
    String deepest = "";
    int depth = 0;
    for (Throwable t = cause; t != null && depth < DEPTH_MAX; t = t.getCause(), depth++) {
      Kind one = kindOf(t);
      if (one.compareTo(kind) < 0) {
        kind = one;
      }
      deepest = ": " + (t.getMessage() == null ? t : t.getMessage());
    }
    return new ReplicaFailure(kind, what + deepest);
  }

  /** Whether it says itself that it came of the disk, or of the tables on it. */
  static boolean namesDisk(Throwable cause) {
    int depth = 0;
    for (Throwable t = cause; t != null && depth < DEPTH_MAX; t = t.getCause(), depth++) {
      String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
      if (t instanceof TablesException
          || message.contains("input/output error")
          || message.contains("read-only file system")) {
        return true;
      }
    }
    return false;
  }

  private static Kind kindOf(Throwable t) {
    if (t instanceof DamagedException) {
      return Kind.DAMAGED;
    }
    if (t instanceof TablesException tables) {
      return switch (tables.kind()) {
        case DAMAGED -> Kind.DAMAGED;
        case FULL -> Kind.DISK_FULL;
        case UNUSABLE -> Kind.DISK_ERROR;
        case OTHER_VERSION -> Kind.DEFECT;
        // The data directory is this process's alone: a reader of the replica before still reads.
        case LOCKED -> Kind.INTERRUPTED;
      };
    }
    String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
    if (message.contains("no space left") || message.contains("quota exceeded")) {
      return Kind.DISK_FULL;
    }
    return t instanceof IOException ? Kind.DISK_ERROR : Kind.DEFECT;
  }
}
