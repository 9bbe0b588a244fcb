package io.pandofs.meta.engine;

import io.pandofs.common.Timestamp;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Takes a row apart; what does not fit is a {@link StoreException}. */
final class RowReader {
  private final Table table;
  private final ByteBuffer bytes;

  RowReader(Table table, byte[] row, int version) {
    this.table = table;
    this.bytes = ByteBuffer.wrap(row);
    int found = u8();
    if (found != version) {
      throw damaged("a row of version " + found);
    }
  }

  int u8() {
    return need(Byte.BYTES).get() & 0xff;
  }

  int u16() {
    return need(Short.BYTES).getShort() & 0xffff;
  }

  int i32() {
    return need(Integer.BYTES).getInt();
  }

  long i64() {
    return need(Long.BYTES).getLong();
  }

  Timestamp time() {
    long seconds = i64();
    int nanos = i32();
    try {
      return new Timestamp(seconds, nanos);
    } catch (IllegalArgumentException e) {
      throw damaged("a time that is none");
    }
  }

  byte[] shortBytes() {
    byte[] value = new byte[u16()];
    need(value.length).get(value);
    return value;
  }

  String text() {
    return new String(shortBytes(), StandardCharsets.UTF_8);
  }

  byte[] rest() {
    byte[] value = new byte[bytes.remaining()];
    bytes.get(value);
    return value;
  }

  /** Checks that the row ends here. */
  void end() {
    if (bytes.hasRemaining()) {
      throw damaged("a row that is too long");
    }
  }

  StoreException damaged(String what) {
    return new StoreException("damaged table " + table.columnFamily() + ": " + what);
  }

  private ByteBuffer need(int length) {
    if (bytes.remaining() < length) {
      throw new StoreException(
          "damaged table " + table.columnFamily() + ": a row that is too short",
          new BufferUnderflowException());
    }
    return bytes;
  }
}
