package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.XattrName;

/** Extended attributes (xattr(7)) but for {@link Acls access control lists}. */
final class XattrOperations {
  private static final int VALUE_MAX = 65_536;

  /** What listxattr(2) may answer: names with a NUL behind each. */
  private static final int LIST_MAX = 65_536;

  private static final int FLAGS = Operation.XATTR_CREATE | Operation.XATTR_REPLACE;

  private XattrOperations() {}

  static Reply set(Operation.SetXattr set, Change change) throws ErrnoException {
    Inode inode = change.inode(set.inode());
    if ((set.flags() & ~FLAGS) != 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    requireNoAcl(set.name());
    XattrName.check(set.name());
    if (set.value().length > VALUE_MAX) {
      throw new ErrnoException(Errno.E2BIG);
    }
    long number = inode.id.value();
    boolean exists = Xattrs.find(change.tables(), number, set.name()) != null;
    if (exists && (set.flags() & Operation.XATTR_CREATE) != 0) {
      throw new ErrnoException(Errno.EEXIST);
    }
    if (!exists && (set.flags() & Operation.XATTR_REPLACE) != 0) {
      throw new ErrnoException(Errno.ENODATA);
    }
    if (!exists) {
      requireRoom(change, number, set.name());
    }
    Xattrs.put(change.write(), number, set.name(), set.value());
    inode.touchChanged(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  static Reply remove(Operation.RemoveXattr remove, Change change) throws ErrnoException {
    Inode inode = change.inode(remove.inode());
    requireNoAcl(remove.name());
    XattrName.check(remove.name());
    long number = inode.id.value();
    if (Xattrs.find(change.tables(), number, remove.name()) == null) {
      throw new ErrnoException(Errno.ENODATA);
    }
    Xattrs.remove(change.write(), number, remove.name());
    inode.touchChanged(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  private static void requireNoAcl(byte[] name) throws ErrnoException {
    if (Acl.Kind.of(name) != null) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
  }

  /** For one more name in what listxattr(2) answers. */
  static void requireRoom(Change change, long inode, byte[] name) throws ErrnoException {
    if (listLength(change, inode) + name.length + 1 > LIST_MAX) {
      throw new ErrnoException(Errno.ENOSPC);
    }
  }

  private static int listLength(Change change, long inode) {
    return Xattrs.names(change.tables(), inode, Integer.MAX_VALUE).stream()
        .mapToInt(name -> name.length + 1)
        .sum();
  }
}
