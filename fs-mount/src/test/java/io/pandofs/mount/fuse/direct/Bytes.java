package io.pandofs.mount.fuse.direct;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A request written field after field, as linux/fuse.h has them; knows nothing of the code. */
final class Bytes {

  private static final int CAPACITY = 1 << 16;

  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(CAPACITY).order(ByteOrder.nativeOrder());

  private Bytes() {}

  /** The header: length (set at the end), opcode, unique, node, uid 1000, gid 1001, pid 77. */
  static Bytes request(int opcode, long node) {
    return request(opcode, node, 1000);
  }

  static Bytes request(int opcode, long node, int uid) {
    return new Bytes()
        .int32(0)
        .int32(opcode)
        .int64(42)
        .int64(node)
        .int32(uid)
        .int32(1001)
        .int32(77)
        .int32(0);
  }

  /** From another process than 77. */
  Bytes from(long process) {
    bytes.putInt(32, (int) process);
    return this;
  }

  Bytes int16(int value) {
    bytes.putShort((short) value);
    return this;
  }

  Bytes int32(int value) {
    bytes.putInt(value);
    return this;
  }

  Bytes int64(long value) {
    bytes.putLong(value);
    return this;
  }

  /** With its NUL. */
  Bytes text(String text) {
    bytes.put(text.getBytes(StandardCharsets.ISO_8859_1)).put((byte) 0);
    return this;
  }

  Bytes data(String data) {
    bytes.put(data.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  /** So many bytes long as written so far. */
  int length() {
    return bytes.position();
  }

  /** The request, whole. */
  Request decoded() {
    return decoded(length());
  }

  /** Only its first bytes, as if the rest had not been sent; what lies behind is not zero. */
  Request decoded(int length) {
    ByteBuffer cut = ByteBuffer.allocateDirect(CAPACITY).order(ByteOrder.nativeOrder());
    for (int i = 0; i < CAPACITY; i++) {
      cut.put(i, i < length ? bytes.get(i) : (byte) 0x55);
    }
    if (length >= Integer.BYTES) {
      cut.putInt(0, length);
    }
    Request request = new Request(cut);
    request.wrap(length);
    return request;
  }

  /** The raw bytes, with the length set. */
  byte[] raw() {
    byte[] raw = new byte[length()];
    bytes.putInt(0, raw.length).get(0, raw);
    return raw;
  }
}
