package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The last log entry whose changes the tables hold; index -1 when there is none. */
public record AppliedIndex(long term, long index) {
  public static final AppliedIndex NONE = new AppliedIndex(0, -1);

  /** Its row in {@link LocalTable#STATE}. */
  static final byte[] KEY = "applied".getBytes(StandardCharsets.US_ASCII);

  private static final byte VERSION = 1;
  private static final int BYTES = 1 + 2 * Long.BYTES;

  byte[] encode() {
    return ByteBuffer.allocate(BYTES).put(VERSION).putLong(term).putLong(index).array();
  }

  static AppliedIndex decode(byte @Nullable [] row) {
    if (row == null) {
      return NONE;
    }
    ByteBuffer in = ByteBuffer.wrap(row);
    if (row.length != BYTES || in.get() != VERSION) {
      throw new StoreException("damaged tables: an applied index that is none");
    }
    return new AppliedIndex(in.getLong(), in.getLong());
  }
}
