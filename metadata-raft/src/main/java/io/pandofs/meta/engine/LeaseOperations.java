package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;

/**
 * Granting and giving back of leases. A lease stands in the inode's row as the number of its
 * session and is valid while that session is; so the end of a session costs nothing here. That of a
 * directory covers its names, its attributes, and all that has its one name there and is no
 * directory, but for what another session has a lease of by then; so it is given back with one row,
 * however much was done under it.
 */
final class LeaseOperations {
  private LeaseOperations() {}

  static Reply acquire(Operation.AcquireLease acquire, Change change) throws ErrnoException {
    Inode inode = change.inode(acquire.inode());
    if (!isLeasable(inode.type)) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (inode.lease != change.session().value()) {
      inode.lease = change.session().value();
      change.finish(inode);
      if (inode.isDirectory()) {
        change.effects().leased(inode.id, change.session());
      }
    }
    return Reply.of(inode.attributes());
  }

  static boolean isLeasable(FileType type) {
    return type == FileType.REGULAR || type == FileType.DIRECTORY;
  }

  static Reply release(Operation.ReleaseLeases release, Change change) {
    for (InodeId id : release.inodes()) {
      Inode inode = Inode.find(change.tables(), id.value());
      if (inode != null && inode.lease == change.session().value()) {
        inode.lease = 0;
        change.finish(inode);
      }
    }
    return Reply.OK;
  }
}
