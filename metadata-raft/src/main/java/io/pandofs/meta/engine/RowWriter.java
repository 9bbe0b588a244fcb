package io.pandofs.meta.engine;

import io.pandofs.common.Timestamp;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Makes a row: a version, then big-endian fields. */
final class RowWriter {
  private ByteBuffer bytes = ByteBuffer.allocate(128);

  RowWriter(int version) {
    u8(version);
  }

  RowWriter u8(int value) {
    room(Byte.BYTES).put((byte) value);
    return this;
  }

  RowWriter u16(int value) {
    room(Short.BYTES).putShort((short) value);
    return this;
  }

  RowWriter i32(int value) {
    room(Integer.BYTES).putInt(value);
    return this;
  }

  RowWriter i64(long value) {
    room(Long.BYTES).putLong(value);
    return this;
  }

  RowWriter time(Timestamp value) {
    return i64(value.seconds()).i32(value.nanos());
  }

  /** Bytes behind a length of 16 bits. */
  RowWriter shortBytes(byte[] value) {
    if (value.length > 0xffff) {
      throw new IllegalArgumentException("too long for a row: " + value.length);
    }
    return u16(value.length).rest(value);
  }

  RowWriter text(String value) {
    return shortBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  /** Bytes that the end of the row ends. */
  RowWriter rest(byte[] value) {
    room(value.length).put(value);
    return this;
  }

  byte[] toBytes() {
    byte[] row = new byte[bytes.position()];
    bytes.flip().get(row);
    return row;
  }

  private ByteBuffer room(int length) {
    if (bytes.remaining() < length) {
      ByteBuffer larger = ByteBuffer.allocate(2 * bytes.capacity() + length);
      larger.put(bytes.flip());
      bytes = larger;
    }
    return bytes;
  }
}
