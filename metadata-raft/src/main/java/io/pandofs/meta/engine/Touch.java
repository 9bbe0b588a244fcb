package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import org.jspecify.annotations.Nullable;

/** What an operation may look at and change. */
@FunctionalInterface
public interface Touch {
  /**
   * Whether it may touch an inode.
   *
   * @param leased whose row has the lease that covers the inode; null if there is none
   * @param isOwn whether that is a lease of the operation's session
   */
  boolean permits(InodeId inode, boolean isOrphan, @Nullable InodeId leased, boolean isOwn);
}
