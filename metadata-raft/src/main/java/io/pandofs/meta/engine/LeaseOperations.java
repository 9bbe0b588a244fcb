package io.pandofs.meta.engine;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;

/**
 * Granting and giving back of leases. A lease stands in the inode's row as the number of its
 * session and is valid while that session is; so the end of a session costs nothing here.
 */
final class LeaseOperations {
  private LeaseOperations() {}

  static Reply acquire(Operation.AcquireLease acquire, Change change) throws ErrnoException {
    Inode inode = change.file(acquire.inode());
    change.requireNotForeign(inode);
    if (inode.lease != change.session().value()) {
      inode.lease = change.session().value();
      change.finish(inode);
    }
    return Reply.of(inode.attributes());
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
