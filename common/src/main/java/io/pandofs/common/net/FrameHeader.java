package io.pandofs.common.net;

import io.netty.buffer.ByteBuf;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The fixed first bytes of every frame (docs/formats.md, "Wire frames"), big-endian: magic u32,
 * version u8, kind u8, method u16, request id u64, header length u32, body length u32, CRC32C u32
 * over the 24 bytes before it, the header and the body.
 */
record FrameHeader(
    byte kind, int method, long requestId, int headerLength, int bodyLength, int crc32c) {
  static final int BYTES = 28;
  static final int HEADER_BYTES_MAX = 1 << 20;
  static final int BODY_BYTES_MAX = 8 << 20;
  static final int METHOD_MAX = 0xffff;

  static final byte REQUEST = 1;
  static final byte ANSWER = 2;
  static final byte ERROR = 3;

  /** "PNDO". */
  static final int MAGIC = 0x504e444f;

  static final byte VERSION = 1;
  private static final int CHECKED_BYTES = BYTES - Integer.BYTES;

  /** Reads and checks all but the checksum, which needs the rest of the frame. */
  static FrameHeader read(ByteBuf from) throws MalformedFrameException {
    int magic = from.readInt();
    if (magic != MAGIC) {
      throw new MalformedFrameException("not a Pando frame, it starts with " + hex(magic));
    }
    byte version = from.readByte();
    if (version != VERSION) {
      throw new MalformedFrameException("frame version " + version + " is not known");
    }
    byte kind = from.readByte();
    if (kind < REQUEST || kind > ERROR) {
      throw new MalformedFrameException("frame kind " + kind + " is not known");
    }
    int method = from.readUnsignedShort();
    long requestId = from.readLong();
    int headerLength = checkLength("header", from.readInt(), HEADER_BYTES_MAX);
    int bodyLength = checkLength("body", from.readInt(), BODY_BYTES_MAX);
    return new FrameHeader(kind, method, requestId, headerLength, bodyLength, from.readInt());
  }

  private static int checkLength(String part, int length, int max) throws MalformedFrameException {
    if (length < 0 || length > max) {
      throw new MalformedFrameException(
          part + " of " + Integer.toUnsignedString(length) + " bytes, over " + max);
    }
    return length;
  }

  /** How many bytes follow the fixed ones. */
  int payloadLength() {
    return headerLength + bodyLength;
  }

  /** Writes the fixed bytes up to, not including, the checksum. */
  void writeUnchecked(ByteBuf to) {
    to.writeInt(MAGIC).writeByte(VERSION).writeByte(kind).writeShort(method);
    to.writeLong(requestId).writeInt(headerLength).writeInt(bodyLength);
  }

  /** A checksum that has taken in the fixed bytes of a frame starting at {@code start}. */
  static CRC32C checksumOfFixed(ByteBuf frame, int start) {
    CRC32C crc = new CRC32C();
    crc.update(frame.nioBuffer(start, CHECKED_BYTES));
    return crc;
  }

  private static String hex(int value) {
    return HexFormat.of().toHexDigits(value);
  }
}
