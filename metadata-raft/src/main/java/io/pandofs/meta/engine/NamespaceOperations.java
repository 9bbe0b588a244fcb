package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;

/** Making and removing names. The order of the checks is that of Linux's fs/namei.c. */
final class NamespaceOperations {
  /**
   * Links of a file, as on ext4. Directories have no such limit: their count is never cut short.
   */
  static final int LINKS_MAX = 65_000;

  private static final int PERMISSIONS = 07777;
  private static final int UMASK = 0777;
  private static final int SYMLINK_PERMISSIONS = 0777;
  private static final int TARGET_MAX = 4095;

  private NamespaceOperations() {}

  static Reply create(Operation.Create create, Change change) throws ErrnoException {
    Inode parent = change.directory(create.parent());
    Dentries.Dentry existing = Dentries.find(change.tables(), parent.id, create.name());
    if (existing != null) {
      return existing(create, existing, change);
    }
    requireLive(parent);
    checkNew(create, change);
    long slot = Dentries.freeSlot(change.tables(), parent.id, create.name());
    Inode inode = build(create, parent, change);
    change.created(inode);
    change.putDentry(parent, slot, create.name(), inode);
    if (inode.isDirectory()) {
      parent.links++;
    }
    parent.touchModified(change.now());
    change.finish(parent, inode);
    return Reply.of(inode.attributes());
  }

  static Reply createUnnamed(Operation.CreateUnnamed create, Change change) throws ErrnoException {
    Inode parent = change.directory(create.parent());
    checkMode(create.mode());
    checkNumber(create.inode(), change);
    Inode inode = new Inode(create.inode(), FileType.REGULAR, change.now());
    Acls.inherit(inode, create.mode(), parent, change);
    inode.lease = create.leased() ? change.session().value() : 0;
    giveOwner(inode, parent, change);
    change.created(inode);
    change.orphaned(inode, create.linkable());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  private static Reply existing(Operation.Create create, Dentries.Dentry existing, Change change)
      throws ErrnoException {
    if (create.exclusive() || create.type() != FileType.REGULAR) {
      throw new ErrnoException(Errno.EEXIST);
    }
    Inode found = change.named(existing);
    if (found.isDirectory()) {
      throw new ErrnoException(Errno.EISDIR);
    }
    if (found.type != FileType.REGULAR) {
      throw new ErrnoException(Errno.EEXIST);
    }
    return Reply.of(found.attributes());
  }

  private static void checkNew(Operation.Create create, Change change) throws ErrnoException {
    boolean isDevice =
        create.type() == FileType.BLOCK_DEVICE || create.type() == FileType.CHARACTER_DEVICE;
    byte[] target = create.target();
    boolean isSymlink = create.type() == FileType.SYMLINK;
    checkMode(create.mode());
    if ((create.device() != 0 && !isDevice)
        || isSymlink != (target != null)
        || (create.leased() && !LeaseOperations.isLeasable(create.type()))) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (target != null) {
      checkTarget(target);
    }
    checkNumber(create.inode(), change);
  }

  private static void checkMode(CreateMode mode) throws ErrnoException {
    if ((mode.permissions() & ~PERMISSIONS) != 0 || (mode.umask() & ~UMASK) != 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  private static void checkNumber(InodeId inode, Change change) throws ErrnoException {
    long number = inode.value();
    if (!change.isGranted(Operation.NumberKind.INODE, number)) {
      throw new ErrnoException(Errno.EINVAL, "a number that the session does not hold");
    }
    if (Inode.find(change.tables(), number) != null) {
      throw new ErrnoException(Errno.EIO, "a number that is in use");
    }
  }

  private static void checkTarget(byte[] target) throws ErrnoException {
    if (target.length == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    if (target.length > TARGET_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    for (byte b : target) {
      if (b == 0) {
        throw new ErrnoException(Errno.EINVAL);
      }
    }
  }

  private static Inode build(Operation.Create create, Inode parent, Change change) {
    Inode inode = new Inode(create.inode(), create.type(), change.now());
    inode.links = 1;
    inode.parent = parent.id.value();
    inode.device = create.device();
    inode.lease = create.leased() ? change.session().value() : 0;
    if (create.type() == FileType.SYMLINK) {
      inode.permissions = SYMLINK_PERMISSIONS;
    } else {
      Acls.inherit(inode, create.mode(), parent, change);
    }
    giveOwner(inode, parent, change);
    if (inode.isDirectory()) {
      inode.links = 2;
      inode.sizeBytes = Inode.DIRECTORY_BYTES;
    }
    byte[] target = create.target();
    if (target != null) {
      inode.target = target.clone();
      inode.sizeBytes = target.length;
    }
    return inode;
  }

  /** The caller's, but for the group of what is made in a setgid directory. */
  private static void giveOwner(Inode inode, Inode parent, Change change) {
    inode.uid = change.caller().uid();
    inode.gid = change.caller().gid();
    if ((parent.permissions & Inode.SETGID) != 0) {
      inode.gid = parent.gid;
      inode.permissions |= inode.isDirectory() ? Inode.SETGID : 0;
    }
  }

  static Reply link(Operation.Link link, Change change) throws ErrnoException {
    Inode parent = change.directory(link.parent());
    Inode unused = change.asItIs(link.inode());
    requireAbsent(change, parent, link.name());
    requireLive(parent);
    Inode inode = change.inode(link.inode());
    if (inode.isDirectory()) {
      throw new ErrnoException(Errno.EPERM);
    }
    if (!Orphans.isLinkable(change.tables(), inode.id)) {
      requireLive(inode);
    }
    if (inode.links >= LINKS_MAX) {
      throw new ErrnoException(Errno.EMLINK);
    }
    long slot = Dentries.freeSlot(change.tables(), parent.id, link.name());
    change.putDentry(parent, slot, link.name(), inode);
    if (inode.isOrphan()) {
      Orphans.remove(change.write(), inode.id);
      inode.parent = parent.id.value();
    } else {
      inode.parent = 0;
    }
    inode.links++;
    inode.touchChanged(change.now());
    parent.touchModified(change.now());
    change.finish(parent, inode);
    return Reply.of(inode.attributes());
  }

  static Reply unlink(Operation.Unlink unlink, Change change) throws ErrnoException {
    Inode parent = change.directory(unlink.parent());
    Dentries.Dentry dentry = require(change, parent, unlink.name());
    if (dentry.type() == FileType.DIRECTORY) {
      throw new ErrnoException(Errno.EISDIR);
    }
    remove(change, parent, dentry, change.named(dentry));
    return Reply.OK;
  }

  static Reply removeDirectory(Operation.RemoveDirectory remove, Change change)
      throws ErrnoException {
    Inode parent = change.directory(remove.parent());
    Dentries.Dentry dentry = require(change, parent, remove.name());
    if (dentry.type() != FileType.DIRECTORY) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    Inode inode = change.named(dentry);
    if (!Dentries.isEmpty(change.tables(), inode.id)) {
      throw new ErrnoException(Errno.ENOTEMPTY);
    }
    parent.links--;
    remove(change, parent, dentry, inode);
    return Reply.OK;
  }

  private static void remove(Change change, Inode parent, Dentries.Dentry dentry, Inode inode) {
    change.removeDentry(parent, dentry);
    change.unlinked(inode);
    parent.touchModified(change.now());
    change.finish(parent, inode);
  }

  static Dentries.Dentry require(Change change, Inode parent, FileName name) throws ErrnoException {
    Dentries.Dentry dentry = Dentries.find(change.tables(), parent.id, name);
    if (dentry == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return dentry;
  }

  private static void requireAbsent(Change change, Inode parent, FileName name)
      throws ErrnoException {
    if (Dentries.find(change.tables(), parent.id, name) != null) {
      throw new ErrnoException(Errno.EEXIST);
    }
  }

  /** Nothing is made in a removed directory, and what has lost its last name gets none again. */
  static void requireLive(Inode inode) throws ErrnoException {
    if (inode.isOrphan()) {
      throw new ErrnoException(Errno.ENOENT);
    }
  }
}
