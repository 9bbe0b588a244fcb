package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Acl;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import org.jspecify.annotations.Nullable;

/**
 * Access control lists and what they do to modes, as Linux's fs/posix_acl.c. They are kept as the
 * extended attributes that programs know them by; a list that a mode can say is no row.
 */
final class Acls {
  /** The permissions that a list says too. */
  static final int OF_ALL = 0777;

  private Acls() {}

  /**
   * The list of an inode, null if it has none.
   *
   * @throws StoreException for a row that is no list
   */
  static @Nullable Acl find(ReadStore tables, long inode, Acl.Kind kind) {
    byte[] value = Xattrs.find(tables, inode, kind.attribute());
    if (value == null) {
      return null;
    }
    try {
      return Acl.of(value);
    } catch (ErrnoException e) {
      throw new StoreException("inode " + inode + " has an access control list without sense", e);
    }
  }

  static Reply set(Operation.SetAcl set, Change change) throws ErrnoException {
    Inode inode = change.inode(set.inode());
    Acl list = set.list();
    if (inode.type == FileType.SYMLINK) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    if (set.kind() == Acl.Kind.DEFAULT && !inode.isDirectory() && list != null) {
      throw new ErrnoException(Errno.EACCES);
    }
    long number = inode.id.value();
    byte[] attribute = set.kind().attribute();
    boolean exists = Xattrs.find(change.tables(), number, attribute) != null;
    if (list == null && !exists) {
      return Reply.of(inode.attributes());
    }
    boolean kept = list != null && !(set.kind() == Acl.Kind.ACCESS && list.isMode());
    if (kept && !exists) {
      XattrOperations.requireRoom(change, number, attribute);
    }
    if (list != null && set.kind() == Acl.Kind.ACCESS) {
      inode.permissions = (inode.permissions & ~OF_ALL) | list.mode();
      if (set.clearsSetgid()) {
        inode.permissions &= ~Inode.SETGID;
      }
    }
    if (list != null && kept) {
      Xattrs.put(change.write(), number, attribute, list.toBytes());
    } else {
      Xattrs.remove(change.write(), number, attribute);
    }
    inode.touchChanged(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  /** After chmod(2): the access list says what the mode says. */
  static void follow(Inode inode, Change change) {
    long number = inode.id.value();
    Acl list = find(change.tables(), number, Acl.Kind.ACCESS);
    if (list != null) {
      Acl changed = list.withMode(inode.permissions);
      Xattrs.put(change.write(), number, Acl.Kind.ACCESS.attribute(), changed.toBytes());
    }
  }

  /** Gives what is made in a directory its permissions and lists. */
  static void inherit(Inode inode, CreateMode asked, Inode parent, Change change) {
    Acl defaults = find(change.tables(), parent.id.value(), Acl.Kind.DEFAULT);
    if (defaults == null) {
      inode.permissions = asked.permissions() & ~asked.umask();
      return;
    }
    Acl list = defaults.inherited(asked.permissions());
    inode.permissions = (asked.permissions() & ~OF_ALL) | list.mode();
    long number = inode.id.value();
    if (!list.isMode()) {
      Xattrs.put(change.write(), number, Acl.Kind.ACCESS.attribute(), list.toBytes());
    }
    if (inode.isDirectory()) {
      Xattrs.put(change.write(), number, Acl.Kind.DEFAULT.attribute(), defaults.toBytes());
    }
  }
}
