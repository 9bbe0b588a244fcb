package io.pandofs.meta.log;

import com.google.protobuf.UnsafeByteOperations;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.Extent;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.wire.ExtentMessage;
import io.pandofs.meta.wire.InlineBlockMessage;
import io.pandofs.meta.wire.MoveInlineMessage;
import io.pandofs.meta.wire.NewBlockMessage;
import io.pandofs.meta.wire.RelocateMessage;
import io.pandofs.meta.wire.WriteMessage;
import java.util.ArrayList;
import java.util.List;

/** Commits of data, and of where it lies. */
final class WriteCodec {
  private static final int EXTENTS_MAX = 1 << 16;
  private static final int HOLDERS_MAX = 64;

  private WriteCodec() {}

  static WriteMessage encode(Operation.Write write) {
    return WriteMessage.newBuilder()
        .setInode(write.inode().value())
        .addAllExtents(encodeExtents(write.extents()))
        .addAllBlocks(encodeBlocks(write.blocks()))
        .addAllInline(encodeInline(write.inline()))
        .build();
  }

  static MoveInlineMessage encode(Operation.MoveInline move) {
    return MoveInlineMessage.newBuilder().addAllBlocks(encodeBlocks(move.blocks())).build();
  }

  private static List<InlineBlockMessage> encodeInline(List<InlineBlock> blocks) {
    List<InlineBlockMessage> out = new ArrayList<>(blocks.size());
    for (InlineBlock block : blocks) {
      out.add(
          InlineBlockMessage.newBuilder()
              .setBlock(block.block().value())
              .setBytes(UnsafeByteOperations.unsafeWrap(block.bytes()))
              .setCrc32C(block.crc32c())
              .build());
    }
    return out;
  }

  static RelocateMessage encode(Operation.Relocate relocate) {
    return RelocateMessage.newBuilder()
        .setInode(relocate.inode().value())
        .addAllFrom(encodeExtents(relocate.from()))
        .addAllTo(encodeExtents(relocate.to()))
        .addAllBlocks(encodeBlocks(relocate.blocks()))
        .build();
  }

  private static List<ExtentMessage> encodeExtents(List<Extent> extents) {
    List<ExtentMessage> out = new ArrayList<>(extents.size());
    for (Extent extent : extents) {
      out.add(
          ExtentMessage.newBuilder()
              .setOffset(extent.offset())
              .setLength(extent.length())
              .setBlock(extent.block().value())
              .setBlockOffset(extent.blockOffset())
              .build());
    }
    return out;
  }

  private static List<NewBlockMessage> encodeBlocks(List<NewBlock> blocks) {
    List<NewBlockMessage> out = new ArrayList<>(blocks.size());
    for (NewBlock block : blocks) {
      out.add(
          NewBlockMessage.newBuilder()
              .setBlock(block.block().value())
              .setLength(block.length())
              .setCrc32C(block.crc32c())
              .setPlacementEpoch(block.placementEpoch())
              .addAllHolders(block.holders().stream().map(NodeId::value).toList())
              .build());
    }
    return out;
  }

  static Operation.Write decode(WriteMessage in) throws MalformedException {
    return new Operation.Write(
        Check.inode(in.getInode()),
        extents(in.getExtentsList()),
        blocks(in.getBlocksList()),
        inline(in.getInlineList()));
  }

  static Operation.MoveInline decode(MoveInlineMessage in) throws MalformedException {
    return new Operation.MoveInline(blocks(in.getBlocksList()));
  }

  private static List<InlineBlock> inline(List<InlineBlockMessage> in) throws MalformedException {
    Check.that(in.size() <= EXTENTS_MAX, "too many blocks");
    List<InlineBlock> blocks = new ArrayList<>(in.size());
    for (InlineBlockMessage block : in) {
      Check.that(block.getBytes().size() <= InlineBlock.BYTES_MAX, "an inline block is too long");
      blocks.add(
          new InlineBlock(
              new BlockId(Check.number(block.getBlock())),
              block.getBytes().toByteArray(),
              block.getCrc32C()));
    }
    return blocks;
  }

  static Operation.Relocate decode(RelocateMessage in) throws MalformedException {
    return new Operation.Relocate(
        Check.inode(in.getInode()),
        extents(in.getFromList()),
        extents(in.getToList()),
        blocks(in.getBlocksList()));
  }

  private static List<Extent> extents(List<ExtentMessage> in) throws MalformedException {
    Check.that(in.size() <= EXTENTS_MAX, "too many extents");
    List<Extent> extents = new ArrayList<>(in.size());
    for (ExtentMessage extent : in) {
      extents.add(
          new Extent(
              extent.getOffset(),
              extent.getLength(),
              new BlockId(Check.number(extent.getBlock())),
              extent.getBlockOffset()));
    }
    return extents;
  }

  private static List<NewBlock> blocks(List<NewBlockMessage> in) throws MalformedException {
    Check.that(in.size() <= EXTENTS_MAX, "too many blocks");
    List<NewBlock> blocks = new ArrayList<>(in.size());
    for (NewBlockMessage block : in) {
      blocks.add(decode(block));
    }
    return blocks;
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
