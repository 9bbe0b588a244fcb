package io.pandofs.meta;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;

/**
 * Another session holds the lease that covers an inode: what the log says of it may not be all. The
 * holder has to give the lease back first; no caller of a mount ever sees this.
 */
public final class ForeignLeaseException extends ErrnoException {
  private static final long serialVersionUID = 1L;

  private final long holder;
  private final long inode;

  /**
   * Names the lease that is in the way.
   *
   * @param inode what is leased, which for a file may be its directory
   */
  public ForeignLeaseException(SessionId holder, InodeId inode) {
    super(Errno.LEASED, inode + " is leased to " + holder);
    this.holder = holder.value();
    this.inode = inode.value();
  }

  public SessionId holder() {
    return new SessionId(holder);
  }

  /** What is leased. */
  public InodeId inode() {
    return new InodeId(inode);
  }
}
