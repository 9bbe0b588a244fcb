package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Makes stored blocks part of a file. */
final class WriteOperation {
  private final Operation.Write write;
  private final Change change;

  private WriteOperation(Operation.Write write, Change change) {
    this.write = write;
    this.change = change;
  }

  static Reply apply(Operation.Write write, Change change) throws ErrnoException {
    return new WriteOperation(write, change).apply();
  }

  private Reply apply() throws ErrnoException {
    Inode inode = change.file(write.inode());
    checkExtents(newBlocks());
    checkWitnesses();
    change.requireNotForeign(inode);
    BlockReferences blocks = new BlockReferences();
    for (Extent extent : write.extents()) {
      Extents.cut(change.write(), inode, extent.offset(), extent.end(), blocks);
      Extents.put(change.write(), inode, extent, blocks);
      inode.sizeBytes = Math.max(inode.sizeBytes, extent.end());
    }
    blocks.save(change.write(), write.blocks(), change.effects());
    inode.dropPrivilegesOnWrite(change.caller());
    inode.touchModified(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  private Map<BlockId, NewBlock> newBlocks() throws ErrnoException {
    Map<BlockId, NewBlock> blocks = new HashMap<>();
    for (NewBlock block : write.blocks()) {
      boolean fits = block.length() > 0 && block.length() <= NewBlock.BYTES_MAX;
      if (!fits || blocks.put(block.block(), block) != null) {
        throw new ErrnoException(Errno.EINVAL);
      }
    }
    return blocks;
  }

  private void checkExtents(Map<BlockId, NewBlock> blocks) throws ErrnoException {
    Set<BlockId> covered = new HashSet<>();
    long end = 0;
    for (Extent extent : write.extents()) {
      if (extent.offset() < end || extent.length() <= 0) {
        throw new ErrnoException(Errno.EINVAL);
      }
      if (extent.offset() > Long.MAX_VALUE - extent.length()) {
        throw new ErrnoException(Errno.EFBIG);
      }
      NewBlock block = blocks.get(extent.block());
      if (block == null
          || extent.blockOffset() < 0
          || extent.length() > block.length() - extent.blockOffset()) {
        throw new ErrnoException(Errno.EINVAL);
      }
      covered.add(extent.block());
      end = extent.end();
    }
    if (covered.isEmpty() || covered.size() != blocks.size()) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  /** PROTOCOL rule 14: enough of those who said they hold a block must still be its replicas. */
  private void checkWitnesses() throws ErrnoException {
    PlacementRow.Glance placement = PlacementRow.glance(change.tables());
    for (NewBlock block : write.blocks()) {
      boolean granted =
          Grants.has(
              change.tables(),
              change.session(),
              Operation.NumberKind.BLOCK_SERIAL,
              block.block().serial());
      if (!granted) {
        throw new ErrnoException(Errno.EINVAL, "a number that the session does not hold");
      }
      if (BlockRow.find(change.tables(), block.block()) != null) {
        throw new ErrnoException(Errno.EIO, "a number that is in use");
      }
      if (block.placementEpoch() > placement.epoch()
          || !placement.isQuorum(block.block().group(), block.holders())) {
        throw new ErrnoException(Errno.ESTALE);
      }
    }
  }
}
