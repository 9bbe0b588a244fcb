package io.pandofs.common.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Makes frames out of payloads. */
final class FrameEncoder {
  private FrameEncoder() {}

  static boolean fits(Payload payload) {
    return payload.header().remaining() <= FrameHeader.HEADER_BYTES_MAX
        && payload.body().remaining() <= FrameHeader.BODY_BYTES_MAX;
  }

  /** The bytes of a frame with this payload. */
  static int sizeOf(Payload payload) {
    return FrameHeader.BYTES + payload.header().remaining() + payload.body().remaining();
  }

  /** A frame in one buffer of its own: the payload may change as soon as this returns. */
  static ByteBuf copy(
      ByteBufAllocator allocator, byte kind, int method, long requestId, Payload payload) {
    ByteBuffer body = payload.body();
    ByteBuf frame = head(allocator, kind, method, requestId, payload, body.remaining());
    int bodyStart = frame.writerIndex();
    frame.writeBytes(body);
    CRC32C crc = checksumOfHead(frame, bodyStart);
    crc.update(frame.nioBuffer(bodyStart, frame.writerIndex() - bodyStart));
    frame.setInt(FrameHeader.BYTES - Integer.BYTES, (int) crc.getValue());
    return frame;
  }

  /** A frame in two buffers: the second is the payload's own body, not copied. */
  static ByteBuf[] wrap(
      ByteBufAllocator allocator, byte kind, int method, long requestId, Payload payload) {
    ByteBuffer body = payload.body();
    ByteBuf head = head(allocator, kind, method, requestId, payload, 0);
    CRC32C crc = checksumOfHead(head, head.writerIndex());
    crc.update(body.duplicate());
    head.setInt(FrameHeader.BYTES - Integer.BYTES, (int) crc.getValue());
    return new ByteBuf[] {head, Unpooled.wrappedBuffer(body)};
  }

  private static ByteBuf head(
      ByteBufAllocator allocator,
      byte kind,
      int method,
      long requestId,
      Payload payload,
      int roomAfter) {
    ByteBuffer header = payload.header();
    FrameHeader fixed =
        new FrameHeader(kind, method, requestId, header.remaining(), payload.body().remaining(), 0);
    ByteBuf frame = allocator.directBuffer(FrameHeader.BYTES + fixed.headerLength() + roomAfter);
    fixed.writeUnchecked(frame);
    frame.writeInt(0);
    frame.writeBytes(header);
    return frame;
  }

  private static CRC32C checksumOfHead(ByteBuf frame, int headEnd) {
    CRC32C crc = FrameHeader.checksumOfFixed(frame, 0);
    crc.update(frame.nioBuffer(FrameHeader.BYTES, headEnd - FrameHeader.BYTES));
    return crc;
  }
}
