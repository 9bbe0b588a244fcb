package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * rename(2) and renameat2(2). The order of the checks is that of Linux's do_renameat2 and
 * vfs_rename.
 */
final class RenameOperation {
  private static final int FLAGS = Operation.RENAME_NOREPLACE | Operation.RENAME_EXCHANGE;

  private final Operation.Rename rename;
  private final Change change;
  private final Inode oldParent;
  private final Inode newParent;
  private final Dentries.Dentry from;
  private final Dentries.@Nullable Dentry to;
  private final Inode moved;
  private final @Nullable Inode replaced;

  private RenameOperation(Operation.Rename rename, Change change) throws ErrnoException {
    this.rename = rename;
    this.change = change;
    this.oldParent = change.directory(rename.parent());
    this.newParent = change.directory(rename.newParent());
    this.from = NamespaceOperations.require(change, oldParent, rename.name());
    this.to = Dentries.find(change.tables(), newParent.id, rename.newName());
    checkFlags();
    this.moved = change.named(from);
    this.replaced = to == null ? null : change.named(to);
  }

  static Reply apply(Operation.Rename rename, Change change) throws ErrnoException {
    if ((rename.flags() & ~FLAGS) != 0 || rename.flags() == FLAGS) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return new RenameOperation(rename, change).apply();
  }

  private Reply apply() throws ErrnoException {
    boolean exchange = (rename.flags() & Operation.RENAME_EXCHANGE) != 0;
    NamespaceOperations.requireLive(newParent);
    checkCycles(exchange);
    if (to == null) {
      moveToNewName();
    } else if (replaced != null && replaced != moved) {
      // Two names of one inode: rename(2) does nothing and succeeds.
      if (exchange) {
        swap(to, replaced);
      } else {
        checkReplaced(replaced);
        replace(to, replaced);
      }
    }
    return Reply.OK;
  }

  private void checkFlags() throws ErrnoException {
    if ((rename.flags() & Operation.RENAME_NOREPLACE) != 0 && to != null) {
      throw new ErrnoException(Errno.EEXIST);
    }
    if ((rename.flags() & Operation.RENAME_EXCHANGE) != 0 && to == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
  }

  private void checkCycles(boolean exchange) throws ErrnoException {
    if (moved.isDirectory() && isInside(newParent, moved)) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (replaced != null && replaced.isDirectory() && isInside(oldParent, replaced)) {
      throw new ErrnoException(exchange ? Errno.EINVAL : Errno.ENOTEMPTY);
    }
  }

  /**
   * Whether a directory is another one or below it. No directory is moved ahead of the log, so that
   * leases of those between do not matter.
   */
  private boolean isInside(Inode directory, Inode other) throws ErrnoException {
    if (oldParent == newParent) {
      return false;
    }
    change.requireInLog();
    for (long at = directory.id.value(); ; at = change.asItIs(new InodeId(at)).parent) {
      if (at == other.id.value()) {
        return true;
      }
      if (at == InodeId.ROOT.value()) {
        return false;
      }
    }
  }

  private void checkReplaced(Inode target) throws ErrnoException {
    if (moved.isDirectory()) {
      if (!target.isDirectory()) {
        throw new ErrnoException(Errno.ENOTDIR);
      }
      if (!Dentries.isEmpty(change.tables(), target.id)) {
        throw new ErrnoException(Errno.ENOTEMPTY);
      }
    } else if (target.isDirectory()) {
      throw new ErrnoException(Errno.EISDIR);
    }
  }

  private void moveToNewName() throws ErrnoException {
    long slot = Dentries.freeSlot(change.tables(), newParent.id, rename.newName());
    change.removeDentry(oldParent, from);
    change.putDentry(newParent, slot, rename.newName(), moved);
    moveLink(moved, oldParent, newParent);
    finish(null);
  }

  private void replace(Dentries.Dentry slot, Inode target) {
    change.removeDentry(oldParent, from);
    change.putDentry(newParent, slot.slot(), rename.newName(), moved);
    moveLink(moved, oldParent, newParent);
    if (target.isDirectory()) {
      newParent.links--;
    }
    change.unlinked(target);
    finish(target);
  }

  private void swap(Dentries.Dentry slot, Inode other) {
    change.putDentry(oldParent, from.slot(), rename.name(), other);
    change.putDentry(newParent, slot.slot(), rename.newName(), moved);
    moveLink(moved, oldParent, newParent);
    moveLink(other, newParent, oldParent);
    other.touchChanged(change.now());
    finish(other);
  }

  private static void moveLink(Inode inode, Inode source, Inode destination) {
    if (inode.isDirectory()) {
      source.links--;
      destination.links++;
    }
    if (inode.isDirectory() || inode.links == 1) {
      inode.parent = destination.id.value();
    }
  }

  private void finish(@Nullable Inode other) {
    Set<Inode> changed = new TreeSet<>((a, b) -> a.id.compareTo(b.id));
    oldParent.touchModified(change.now());
    if (newParent != oldParent) {
      newParent.touchModified(change.now());
    }
    moved.touchChanged(change.now());
    changed.add(oldParent);
    changed.add(newParent);
    changed.add(moved);
    if (other != null) {
      changed.add(other);
    }
    change.finish(changed.toArray(new Inode[0]));
  }
}
