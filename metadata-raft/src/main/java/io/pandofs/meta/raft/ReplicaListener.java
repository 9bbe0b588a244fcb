package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import java.util.Set;

/**
 * Told of what applying the log means on this node, after the tables show it, on the applying
 * thread: must return at once and must not call back into the replica.
 */
public interface ReplicaListener {
  /** A checkpoint was installed: everything may have changed, the block sets are empty. */
  default void onReset() {}

  /**
   * Asked while an entry is being applied: whether this node's store has the block with this length
   * and checksum on stable storage, so that it need not go into the need set.
   */
  default boolean holds(BlockId block, int length, int crc32c) {
    return false;
  }

  /** The entry for which {@link #holds} was asked is in the tables; nobody was told of it yet. */
  default void onHeld() {}

  /** Blocks were added to the need set. */
  default void onNeeded() {}

  /** Blocks were added to the drop set. */
  default void onDropped() {}

  /** Bytes of these files were overwritten, added to, or cut away. */
  default void onReplaced(Set<InodeId> files) {}

  /** Nodes, addresses or the placement map changed: what a node must hold may be other blocks. */
  default void onPlacement() {}

  /** A checkpoint came from another node and is damaged; this node goes on waiting for another. */
  default void onBadCheckpoint(String why) {}

  /** A lock that a session waited for by this number is its own. */
  default void onLockGranted(SessionId session, long ticket) {}

  /** A session is over. */
  default void onSessionEnded(SessionId session) {}
}
