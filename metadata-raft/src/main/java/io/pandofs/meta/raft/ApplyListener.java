package io.pandofs.meta.raft;

import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Changes;
import java.util.Collection;
import java.util.Set;

/**
 * Told how the tables move, by the applying thread, in this order for each entry; must return at
 * once.
 */
interface ApplyListener {
  /** An entry is about to be committed to the tables and changes these. */
  void changing(long index, Set<InodeId> inodes);

  /** An entry has ended these sessions. */
  void over(Collection<SessionId> sessions);

  /**
   * The tables hold everything up to this index, and readers see it.
   *
   * @param isPublic see {@link PublicEntries}; of the entry at this index
   * @param changes those of the entry
   */
  void applied(long index, boolean isPublic, Changes changes);

  /** These are the cluster's nodes. */
  void members(Set<NodeId> nodes);

  /** The tables are about to be replaced by those of a checkpoint. */
  void replacing(long checkpoint);

  /** The tables are others than before, or this is the start. */
  void replaced(long index);
}
