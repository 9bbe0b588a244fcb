package io.pandofs.mount.vfs;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;

/** Another mount holds an inode's lease: what the log says of it may not be all. */
final class ForeignLeaseException extends Exception {
  private static final long serialVersionUID = 1L;

  private final long holder;
  private final long inode;

  ForeignLeaseException(SessionId holder, InodeId inode) {
    super(inode + " is leased to " + holder, null, false, false);
    this.holder = holder.value();
    this.inode = inode.value();
  }

  SessionId holder() {
    return new SessionId(holder);
  }

  InodeId inode() {
    return new InodeId(inode);
  }
}
