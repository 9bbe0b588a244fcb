package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;

/**
 * What applying an entry means for the node that applies it, told while it is applied, on the
 * applying thread. The changes are not committed yet: do not read the tables from here.
 */
public interface LocalEffects {
  /** For who wants to know nothing. */
  LocalEffects NONE = new LocalEffects() {};

  /** A new block became part of a file. */
  default void blockReferenced(BlockId block, int length, int crc32c) {}

  /** A block's last reference went. */
  default void blockDropped(BlockId block) {}

  /** Nodes, their addresses or the placement map changed. */
  default void placementChanged() {}

  /** A session was registered. */
  default void sessionStarted(SessionId session) {}

  /** A session is over. */
  default void sessionEnded(SessionId session) {}

  /** Attributes, extended attributes or data of an inode changed, or the inode is gone. */
  default void inodeChanged(InodeId inode) {}

  /**
   * Bytes of a file that had some were written, or some of them cut away: blocks may be there for
   * fewer bytes than before, and extents may be more and smaller.
   */
  default void dataReplaced(InodeId inode) {}

  /** A session has got a lease of a directory that it did not have. */
  default void leased(InodeId directory, SessionId holder) {}

  /** A name came, went, or means another inode. */
  default void dentryChanged(InodeId parent, FileName name) {}

  /** A lock that a session waited for is its own. */
  default void lockGranted(SessionId session, long ticket) {}

  /** An inode has no name: it lost the last, or was made without one. */
  default void orphaned(InodeId inode) {}

  /** An entry asked for the hash of the tables as of this index. */
  default void hashWanted(long index) {}
}
