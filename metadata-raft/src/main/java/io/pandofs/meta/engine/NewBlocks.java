package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.InlineBlock;
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
   *     use, and for bytes that are not what their checksum was made of; ESTALE for a block that
   *     too few of its group's present replicas have acknowledged
   */
  static void check(
      List<NewBlock> blocks, List<InlineBlock> inline, List<Extent> extents, Change change)
      throws ErrnoException {
    checkExtents(extents, lengths(blocks, inline));
    for (NewBlock block : blocks) {
      checkNumber(block.block(), change);
    }
    for (InlineBlock block : inline) {
      checkNumber(block.block(), change);
      if (!block.isIntact()) {
        throw new ErrnoException(Errno.EIO, "bytes that changed on their way");
      }
    }
    checkWitnesses(blocks, change);
  }

  private static Map<BlockId, Integer> lengths(List<NewBlock> blocks, List<InlineBlock> inline)
      throws ErrnoException {
    Map<BlockId, Integer> lengths = new HashMap<>();
    for (NewBlock block : blocks) {
      put(lengths, block.block(), block.length(), NewBlock.BYTES_MAX);
    }
    for (InlineBlock block : inline) {
      put(lengths, block.block(), block.bytes().length, InlineBlock.BYTES_MAX);
    }
    return lengths;
  }

  private static void put(Map<BlockId, Integer> lengths, BlockId block, int length, int max)
      throws ErrnoException {
    if (length <= 0 || length > max || lengths.put(block, length) != null) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  private static void checkExtents(List<Extent> extents, Map<BlockId, Integer> blocks)
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
      Integer length = blocks.get(extent.block());
      if (length == null
          || extent.blockOffset() < 0
          || extent.length() > length - extent.blockOffset()) {
        throw new ErrnoException(Errno.EINVAL);
      }
      covered.add(extent.block());
      end = extent.end();
    }
    if (covered.isEmpty() || covered.size() != blocks.size()) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  private static void checkNumber(BlockId block, Change change) throws ErrnoException {
    if (!change.isGranted(Operation.NumberKind.BLOCK_SERIAL, block.serial())) {
      throw new ErrnoException(Errno.EINVAL, "a number that the session does not hold");
    }
    if (BlockReferences.find(change.tables(), block) != null) {
      throw new ErrnoException(Errno.EIO, "a number that is in use");
    }
  }

  private static void checkWitnesses(List<NewBlock> blocks, Change change) throws ErrnoException {
    if (blocks.isEmpty()) {
      return;
    }
    PlacementRow.Glance placement = PlacementRow.glance(change.tables());
    for (NewBlock block : blocks) {
      if (!isWitnessed(block, placement)) {
        throw new ErrnoException(Errno.ESTALE);
      }
    }
  }

  /** PROTOCOL rule 14: enough of those who said they hold a block must still be its replicas. */
  static boolean isWitnessed(NewBlock block, PlacementRow.Glance placement) {
    return block.placementEpoch() <= placement.epoch()
        && placement.isQuorum(block.block().group(), block.holders());
  }
}
