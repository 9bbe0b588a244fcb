package io.pandofs.block.net;

import com.google.protobuf.InvalidProtocolBufferException;
import io.pandofs.block.Blocks;
import io.pandofs.block.wire.HaveAnswer;
import io.pandofs.block.wire.HaveHeader;
import io.pandofs.block.wire.PutAnswer;
import io.pandofs.block.wire.PutHeader;
import io.pandofs.block.wire.ReadAnswer;
import io.pandofs.block.wire.ReadHeader;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Turns messages into bytes and back; the one place that sees generated classes, and checks. */
final class BlockCodec {
  private BlockCodec() {}

  static byte[] encode(PutRequest put) {
    return PutHeader.newBuilder()
        .setBlock(put.block().value())
        .setSession(put.session().value())
        .setPlacementEpoch(put.epoch())
        .setCrc32C(put.crc32c())
        .build()
        .toByteArray();
  }

  static PutRequest decodePut(ByteBuffer header) throws BadRequestException {
    try {
      PutHeader put = PutHeader.parseFrom(header);
      return new PutRequest(
          session(put.getSession()),
          block(put.getBlock()),
          put.getPlacementEpoch(),
          put.getCrc32C());
    } catch (InvalidProtocolBufferException e) {
      throw new BadRequestException("not the header of a put");
    }
  }

  static byte[] encodePutAnswer(int outcome) {
    return PutAnswer.newBuilder().setOutcome(outcome).build().toByteArray();
  }

  static int decodePutAnswer(ByteBuffer header) throws BadRequestException {
    try {
      return PutAnswer.parseFrom(header).getOutcome();
    } catch (InvalidProtocolBufferException e) {
      throw new BadRequestException("not the answer to a put");
    }
  }

  static byte[] encode(ReadRequest read) {
    return ReadHeader.newBuilder()
        .setBlock(read.block().value())
        .setOffset(read.offset())
        .setLength(read.length())
        .build()
        .toByteArray();
  }

  static ReadRequest decodeRead(ByteBuffer header) throws BadRequestException {
    try {
      ReadHeader read = ReadHeader.parseFrom(header);
      int offset = read.getOffset();
      int length = read.getLength();
      // Both come from unsigned fields and may be negative here; the sum must not wrap.
      if (offset < 0 || length <= 0 || offset > Blocks.BLOCK_BYTES_MAX - length) {
        throw new BadRequestException("not a range of a block: " + offset + ", " + length);
      }
      return new ReadRequest(block(read.getBlock()), offset, length);
    } catch (InvalidProtocolBufferException e) {
      throw new BadRequestException("not the header of a read");
    }
  }

  static byte[] encodeReadAnswer(int outcome, int crc32c, long session) {
    return ReadAnswer.newBuilder()
        .setOutcome(outcome)
        .setCrc32C(crc32c)
        .setSession(session)
        .build()
        .toByteArray();
  }

  static ReadAnswer decodeReadAnswer(ByteBuffer header) throws BadRequestException {
    try {
      return ReadAnswer.parseFrom(header);
    } catch (InvalidProtocolBufferException e) {
      throw new BadRequestException("not the answer to a read");
    }
  }

  static byte[] encodeHave(List<BlockId> blocks) {
    return HaveHeader.newBuilder()
        .addAllBlocks(blocks.stream().map(BlockId::value).toList())
        .build()
        .toByteArray();
  }

  static List<BlockId> decodeHave(ByteBuffer header) throws BadRequestException {
    try {
      HaveHeader have = HaveHeader.parseFrom(header);
      if (have.getBlocksCount() > BlockMethods.HAVE_MAX) {
        throw new BadRequestException("asked for " + have.getBlocksCount() + " blocks at once");
      }
      List<BlockId> blocks = new ArrayList<>();
      for (long number : have.getBlocksList()) {
        blocks.add(block(number));
      }
      return blocks;
    } catch (InvalidProtocolBufferException e) {
      throw new BadRequestException("not a question for blocks");
    }
  }

  static byte[] encodeHaveAnswer(List<Boolean> held) {
    return HaveAnswer.newBuilder().addAllHeld(held).build().toByteArray();
  }

  static List<Boolean> decodeHaveAnswer(ByteBuffer header) throws BadRequestException {
    try {
      return HaveAnswer.parseFrom(header).getHeldList();
    } catch (InvalidProtocolBufferException e) {
      throw new BadRequestException("not the answer to a question for blocks");
    }
  }

  static SessionId session(long number) throws BadRequestException {
    if (number <= 0) {
      throw new BadRequestException("not a session number: " + number);
    }
    return new SessionId(number);
  }

  private static BlockId block(long number) throws BadRequestException {
    if (number <= 0) {
      throw new BadRequestException("not a block number: " + number);
    }
    return new BlockId(number);
  }
}
