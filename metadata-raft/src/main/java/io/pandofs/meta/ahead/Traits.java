package io.pandofs.meta.ahead;

import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can be said of an operation by itself, for {@link Ahead}. */
final class Traits {
  private Traits() {}

  /** Operations that are decided by the rows of what they touch. */
  static boolean mayBeAhead(Operation operation) {
    return operation instanceof Operation.Create
        || operation instanceof Operation.Link
        || operation instanceof Operation.Unlink
        || operation instanceof Operation.RemoveDirectory
        || operation instanceof Operation.Rename
        || operation instanceof Operation.SetXattr
        || operation instanceof Operation.RemoveXattr
        || operation instanceof Operation.SetAcl
        || operation instanceof Operation.Accessed
        || operation instanceof Operation.AcquireLease
        || operation instanceof Operation.SetLock
        || (operation instanceof Operation.SetAttributes set && set.sizeBytes() == null)
        // Whether blocks have enough replicas the log alone decides.
        || (operation instanceof Operation.Write write && write.blocks().isEmpty());
  }

  /**
   * Nobody is told that a read file's time was not noted, or of leases and locks, which end with
   * the session anyway.
   */
  static boolean isMissed(Operation operation) {
    return !(operation instanceof Operation.Accessed)
        && !(operation instanceof Operation.AcquireLease)
        && !(operation instanceof Operation.SetLock);
  }

  /** How many bytes of a file travel in it. */
  static long bytes(Operation operation) {
    long bytes = 0;
    if (operation instanceof Operation.Write write) {
      for (InlineBlock block : write.inline()) {
        bytes += block.bytes().length;
      }
    }
    return bytes;
  }

  /** What an operation gets the session a lease of; null if of nothing. */
  static @Nullable InodeId leased(Operation operation) {
    if (operation instanceof Operation.AcquireLease acquire) {
      return acquire.inode();
    } else if (operation instanceof Operation.Create create && create.leased()) {
      return create.inode();
    } else if (operation instanceof Operation.CreateUnnamed create && create.leased()) {
      return create.inode();
    }
    return null;
  }

  /** Of a Create without O_EXCL the answer may be about what was there. */
  static boolean isAbout(@Nullable InodeId inode, Reply reply) {
    Attributes told = reply.attributes();
    return told != null && told.inode().equals(inode);
  }

  /** The inodes that an operation names, if it changes them by more than their leases. */
  static List<InodeId> named(Operation operation) {
    if (operation instanceof Operation.Write write) {
      return List.of(write.inode());
    } else if (operation instanceof Operation.SetAttributes set) {
      return List.of(set.inode());
    } else if (operation instanceof Operation.Accessed read) {
      return List.of(read.inode());
    } else if (operation instanceof Operation.AcquireLease acquire) {
      return List.of(acquire.inode());
    } else if (operation instanceof Operation.Allocate allocate) {
      return List.of(allocate.inode());
    } else if (operation instanceof Operation.CopyRange copy) {
      return List.of(copy.from(), copy.to());
    } else if (operation instanceof Operation.CreateUnnamed create) {
      return List.of(create.parent());
    }
    return List.of();
  }
}
