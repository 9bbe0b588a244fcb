package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold of blocks that an operation brings into the volume, and of extents in them. */
final class NewBlocks {
  private NewBlocks() {}

  /**
   * Checks without writing anything.
   *
   * @throws ErrnoException EINVAL or EFBIG for extents that do not lie in the blocks, one after the
   *     other, at least one in each; EINVAL and EIO for numbers that were not granted or are in
   *     use; ESTALE for a block that too few of its group's present replicas have acknowledged
   */
  static void check(List<NewBlock> blocks, List<Extent> extents, Change change)
      throws ErrnoException {
    checkExtents(extents, byNumber(blocks));
    checkWitnesses(blocks, change);
  }

  private static Map<BlockId, NewBlock> byNumber(List<NewBlock> news) throws ErrnoException {
    Map<BlockId, NewBlock> blocks = new HashMap<>();
    for (NewBlock block : news) {
      boolean fits = block.length() > 0 && block.length() <= NewBlock.BYTES_MAX;
      if (!fits || blocks.put(block.block(), block) != null) {
        throw new ErrnoException(Errno.EINVAL);
      }
    }
    return blocks;
  }

  private static void checkExtents(List<Extent> extents, Map<BlockId, NewBlock> blocks)
      throws ErrnoException {
    Set<BlockId> covered = new HashSet<>();
    long end = 0;
    for (Extent extent : extents) {
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
  private static void checkWitnesses(List<NewBlock> blocks, Change change) throws ErrnoException {
    PlacementRow.Glance placement = PlacementRow.glance(change.tables());
    for (NewBlock block : blocks) {
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
