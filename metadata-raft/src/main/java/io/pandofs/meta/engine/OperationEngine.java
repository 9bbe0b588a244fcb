package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;

/**
 * Applies one operation: the namespace as a pure function. What a log entry does on every replica,
 * a mount that works ahead does on its own overlay.
 */
public final class OperationEngine {
  /** The place in the log of what has none yet. */
  static final long AHEAD = -1;

  /** Numbers that may be asked for at once. */
  static final int NUMBERS_MAX = 1 << 20;

  private OperationEngine() {}

  /**
   * Applies one operation, which succeeds wholly or leaves nothing behind.
   *
   * @param session whose numbers the operation may use
   * @param granted what was seen of them
   * @param index the place in the log
   */
  public static Reply apply(
      SessionId session,
      Granted granted,
      Request request,
      long index,
      Store store,
      LocalEffects effects) {
    Standing standing = request.standing();
    Touch access =
        (inode, isOrphan, leased, isOwn) -> {
          if (standing instanceof Standing.Ahead) {
            return isOwn;
          }
          boolean isUnsaid =
              standing instanceof Standing.Beside beside && !beside.touched().contains(inode);
          return leased == null || (isOwn && !isUnsaid);
        };
    return apply(request, new Change(store, effects, session, granted, request, index, access));
  }

  /**
   * Applies one operation to what a session has, before the log does. LEASED without saying whose
   * if it touches what it may not.
   */
  public static Reply ahead(
      SessionId session, Granted granted, Request request, Store store, Touch access) {
    return apply(
        request, new Change(store, LocalEffects.NONE, session, granted, request, AHEAD, access));
  }

  private static Reply apply(Request request, Change change) {
    try {
      return apply(request.operation(), change);
    } catch (ErrnoException e) {
      if (change.hasWritten()) {
        throw new IllegalStateException("failed after it had written: " + request, e);
      }
      return change.failed(e.errno());
    }
  }

  private static Reply apply(Operation operation, Change change) throws ErrnoException {
    if (operation instanceof Operation.Create create) {
      return NamespaceOperations.create(create, change);
    } else if (operation instanceof Operation.CreateUnnamed create) {
      return NamespaceOperations.createUnnamed(create, change);
    } else if (operation instanceof Operation.CopyRange copy) {
      return CopyOperation.apply(copy, change);
    } else if (operation instanceof Operation.Write write) {
      return WriteOperation.apply(write, change);
    } else if (operation instanceof Operation.Relocate relocate) {
      return RelocateOperation.apply(relocate, change);
    } else if (operation instanceof Operation.MoveInline move) {
      return MoveInlineOperation.apply(move, change);
    } else if (operation instanceof Operation.SetAttributes set) {
      return FileOperations.setAttributes(set, change);
    } else if (operation instanceof Operation.Accessed read) {
      return FileOperations.accessed(read, change);
    } else if (operation instanceof Operation.Unlink unlink) {
      return NamespaceOperations.unlink(unlink, change);
    } else if (operation instanceof Operation.Rename rename) {
      return RenameOperation.apply(rename, change);
    } else if (operation instanceof Operation.Link link) {
      return NamespaceOperations.link(link, change);
    } else if (operation instanceof Operation.RemoveDirectory remove) {
      return NamespaceOperations.removeDirectory(remove, change);
    } else if (operation instanceof Operation.Allocate allocate) {
      return FileOperations.allocate(allocate, change);
    } else if (operation instanceof Operation.SetXattr set) {
      return XattrOperations.set(set, change);
    } else if (operation instanceof Operation.RemoveXattr remove) {
      return XattrOperations.remove(remove, change);
    } else if (operation instanceof Operation.SetAcl set) {
      return Acls.set(set, change);
    } else if (operation instanceof Operation.AcquireLease acquire) {
      return LeaseOperations.acquire(acquire, change);
    } else if (operation instanceof Operation.ReleaseLeases release) {
      return LeaseOperations.release(release, change);
    } else if (operation instanceof Operation.SetLock set) {
      return LockOperations.set(set, change);
    } else if (operation instanceof Operation.CancelLock cancel) {
      return LockOperations.cancel(cancel, change);
    } else if (operation instanceof Operation.ReserveNumbers reserve) {
      return reserve(reserve, change);
    }
    throw new IllegalStateException("an operation without an engine: " + operation);
  }

  private static Reply reserve(Operation.ReserveNumbers reserve, Change change)
      throws ErrnoException {
    boolean inodes = reserve.kind() == Operation.NumberKind.INODE;
    SystemKind counter = inodes ? SystemKind.INODE_COUNTER : SystemKind.BLOCK_COUNTER;
    long max = inodes ? Long.MAX_VALUE : BlockId.SERIAL_MAX;
    if (reserve.count() <= 0 || reserve.count() > NUMBERS_MAX) {
      throw new ErrnoException(Errno.EINVAL);
    }
    long first = Counters.next(change.tables(), counter);
    if (first > max - reserve.count()) {
      throw new ErrnoException(Errno.ENOSPC);
    }
    long end = first + reserve.count();
    Counters.set(change.write(), counter, end);
    Grants.put(change.write(), change.session(), reserve.kind(), first, end);
    return new Reply(Errno.OK, null, first);
  }
}
