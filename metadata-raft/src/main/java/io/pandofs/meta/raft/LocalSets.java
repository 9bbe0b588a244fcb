package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.engine.LocalEffects;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the need and drop sets of this node in step with the tables (PROTOCOL rule 15): rows go
 * into the transaction that applies the entry. Collects what listeners are to be told afterwards.
 * Used by the applying thread alone, one instance an entry.
 *
 * <p>Need: block to length, CRC32C and the log index that made it needed; 0 for one that was found
 * missing later. Drop: a byte 0, log index and block to nothing, so that the oldest comes first,
 * and a byte 1 and block to log index, so that one can be found.
 */
final class LocalSets implements LocalEffects {
  private final NodeId self;
  private final Placement placement;
  private final RocksTransaction transaction;
  private final long index;
  private final List<SessionId> ended = new ArrayList<>();
  private boolean blocksChanged;
  private boolean placementChanged;
  private boolean hashWanted;

  /**
   * @param placement as it was before the entry
   */
  LocalSets(NodeId self, Placement placement, RocksTransaction transaction, long index) {
    this.self = self;
    this.placement = placement;
    this.transaction = transaction;
    this.index = index;
  }

  @Override
  public void blockReferenced(BlockId block, int length, int crc32c) {
    if (placement.replicas(block.group()).contains(self)) {
      transaction.putLocal(LocalTable.NEED, needKey(block), needValue(length, crc32c, index));
      blocksChanged = true;
    }
  }

  @Override
  public void blockDropped(BlockId block) {
    transaction.deleteLocal(LocalTable.NEED, needKey(block));
    transaction.putLocal(LocalTable.DROP, dropKey(index, block), new byte[0]);
    transaction.putLocal(
        LocalTable.DROP, dropFinder(block), ByteBuffer.allocate(8).putLong(index).array());
    blocksChanged = true;
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
  public void hashWanted(long at) {
    hashWanted = true;
  }

  boolean wantsHash() {
    return hashWanted;
  }

  boolean changedPlacement() {
    return placementChanged;
  }

  /** Tells what happened, once it is committed. */
  void tell(ReplicaListener listener) {
    if (placementChanged) {
      listener.onPlacement();
    }
    if (blocksChanged) {
      listener.onBlocks();
    }
    ended.forEach(listener::onSessionEnded);
  }
}
