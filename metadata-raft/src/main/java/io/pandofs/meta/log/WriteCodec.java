package io.pandofs.meta.log;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.wire.ExtentMessage;
import io.pandofs.meta.wire.NewBlockMessage;
import io.pandofs.meta.wire.WriteMessage;
import java.util.ArrayList;
import java.util.List;

/** Commits of data. */
final class WriteCodec {
  private static final int EXTENTS_MAX = 1 << 16;
  private static final int HOLDERS_MAX = 64;

  private WriteCodec() {}

  static WriteMessage encode(Operation.Write write) {
    WriteMessage.Builder out = WriteMessage.newBuilder().setInode(write.inode().value());
    for (Extent extent : write.extents()) {
      out.addExtents(
          ExtentMessage.newBuilder()
              .setOffset(extent.offset())
              .setLength(extent.length())
              .setBlock(extent.block().value())
              .setBlockOffset(extent.blockOffset()));
    }
    for (NewBlock block : write.blocks()) {
      out.addBlocks(
          NewBlockMessage.newBuilder()
              .setBlock(block.block().value())
              .setLength(block.length())
              .setCrc32C(block.crc32c())
              .setPlacementEpoch(block.placementEpoch())
              .addAllHolders(block.holders().stream().map(NodeId::value).toList()));
    }
    return out.build();
  }

  static Operation.Write decode(WriteMessage in) throws MalformedException {
    Check.that(in.getExtentsCount() <= EXTENTS_MAX, "too many extents");
    Check.that(in.getBlocksCount() <= EXTENTS_MAX, "too many blocks");
    List<Extent> extents = new ArrayList<>();
    for (ExtentMessage extent : in.getExtentsList()) {
      extents.add(
          new Extent(
              extent.getOffset(),
              extent.getLength(),
              new BlockId(Check.number(extent.getBlock())),
              extent.getBlockOffset()));
    }
    List<NewBlock> blocks = new ArrayList<>();
    for (NewBlockMessage block : in.getBlocksList()) {
      blocks.add(decode(block));
    }
    return new Operation.Write(Check.inode(in.getInode()), extents, blocks);
  }

  private static NewBlock decode(NewBlockMessage in) throws MalformedException {
    Check.that(in.getHoldersCount() <= HOLDERS_MAX, "too many holders");
    List<NodeId> holders = new ArrayList<>();
    for (long holder : in.getHoldersList()) {
      holders.add(new NodeId(Check.number(holder)));
    }
    return new NewBlock(
        new BlockId(Check.number(in.getBlock())),
        in.getLength(),
        in.getCrc32C(),
        Check.count(in.getPlacementEpoch()),
        holders);
  }
}
