package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Changes;
import io.pandofs.meta.engine.LocalEffects;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps the need and drop sets of this node in step with the tables (PROTOCOL rule 15): rows go
 * into the transaction that applies the entry. Collects what listeners are to be told afterwards.
 * Used by the applying thread alone, one instance an entry.
 *
 * <p>Need: block to length, CRC32C and the log index that made it needed; 0 for one that was found
 * missing later. Drop: a byte 0, log index and block to nothing, so that the oldest comes first,
 * and a byte 1 and block to log index, so that one can be found.
 *
 * <p>A block that this node's store has already, as its writer's put usually came before the entry,
 * is not needed: a row for each would be written only to be deleted, and what was deleted must be
 * stepped over by every walk over the set.
 */
final class LocalSets implements LocalEffects {
  private final NodeId self;
  private final Placement placement;
  private final RocksTransaction transaction;
  private final long index;
  private final ReplicaListener listener;
  private final List<SessionId> ended = new ArrayList<>();
  private final List<Granted> granted = new ArrayList<>();
  private final Set<InodeId> changed = new HashSet<>();
  private final Map<InodeId, SessionId> leased = new HashMap<>();
  private final Set<InodeId> replaced = new HashSet<>();
  private boolean asked;
  private boolean needed;
  private boolean dropped;
  private boolean placementChanged;
  private boolean hashWanted;

  private record Granted(SessionId session, long ticket) {}

  /**
   * @param placement as it was before the entry
   * @param listener told and asked
   */
  LocalSets(
      NodeId self,
      Placement placement,
      RocksTransaction transaction,
      long index,
      ReplicaListener listener) {
    this.self = self;
    this.placement = placement;
    this.transaction = transaction;
    this.index = index;
    this.listener = listener;
  }

  @Override
  public void blockReferenced(BlockId block, int length, int crc32c) {
    if (!placement.replicas(block.group()).contains(self)) {
      return;
    }
    asked = true;
    if (!listener.holds(block, length, crc32c)) {
      transaction.putLocal(LocalTable.NEED, needKey(block), needValue(length, crc32c, index));
      needed = true;
    }
  }

  @Override
  public void blockDropped(BlockId block) {
    byte[] need = needKey(block);
    if (transaction.getLocal(LocalTable.NEED, need) != null) {
      transaction.deleteLocal(LocalTable.NEED, need);
    }
    drop(transaction, index, block);
    dropped = true;
  }

  /** Puts a block into the set of dropped blocks. */
  static void drop(RocksTransaction transaction, long index, BlockId block) {
    transaction.putLocal(LocalTable.DROP, dropKey(index, block), new byte[0]);
    transaction.putLocal(
        LocalTable.DROP, dropFinder(block), ByteBuffer.allocate(8).putLong(index).array());
  }

  static byte[] needKey(BlockId block) {
    return ByteBuffer.allocate(8).putLong(block.value()).array();
  }

  static byte[] needValue(int length, int crc32c, long index) {
    return ByteBuffer.allocate(16).putInt(length).putInt(crc32c).putLong(index).array();
  }

  static byte[] dropKey(long index, BlockId block) {
    return ByteBuffer.allocate(17).put((byte) 0).putLong(index).putLong(block.value()).array();
  }

  /** At or before the key of every block that was dropped at the index or later. */
  static byte[] dropStart(long index) {
    return ByteBuffer.allocate(9).put((byte) 0).putLong(index).array();
  }

  static byte[] dropFinder(BlockId block) {
    return ByteBuffer.allocate(9).put((byte) 1).putLong(block.value()).array();
  }

  @Override
  public void placementChanged() {
    placementChanged = true;
  }

  @Override
  public void sessionEnded(SessionId session) {
    ended.add(session);
  }

  @Override
  public void lockGranted(SessionId session, long ticket) {
    granted.add(new Granted(session, ticket));
  }

  @Override
  public void inodeChanged(InodeId inode) {
    changed.add(inode);
  }

  @Override
  public void leased(InodeId inode, SessionId holder) {
    leased.put(inode, holder);
  }

  @Override
  public void dataReplaced(InodeId inode) {
    replaced.add(inode);
  }

  @Override
  public void dentryChanged(InodeId parent, FileName name) {
    changed.add(parent);
  }

  @Override
  public void orphaned(InodeId inode) {
    changed.add(inode);
  }

  @Override
  public void hashWanted(long at) {
    hashWanted = true;
  }

  /** The inodes whose rows, data, attributes or names the entry changes. */
  Set<InodeId> changedInodes() {
    return changed;
  }

  Changes changes() {
    return new Changes(changed, leased, !ended.isEmpty());
  }

  /** The sessions that the entry ends. */
  List<SessionId> endedSessions() {
    return ended;
  }

  boolean wantsHash() {
    return hashWanted;
  }

  boolean changedPlacement() {
    return placementChanged;
  }

  /** Tells that what was asked for is committed; before anybody may count the entry as applied. */
  void tellHeld() {
    if (asked) {
      listener.onHeld();
    }
  }

  /** Tells what happened, once it is committed. */
  void tell() {
    if (placementChanged) {
      listener.onPlacement();
    }
    if (needed) {
      listener.onNeeded();
    }
    if (dropped) {
      listener.onDropped();
    }
    if (!replaced.isEmpty()) {
      listener.onReplaced(replaced);
    }
    granted.forEach(lock -> listener.onLockGranted(lock.session(), lock.ticket()));
    ended.forEach(listener::onSessionEnded);
  }
}
