package io.pandofs.meta.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * SHA-256 over all replicated tables in order: of each its name, then each row as length of key,
 * key, length of value, value. Equal on all nodes as of the same index.
 */
public final class TableHash {
  /** The length of a hash. */
  public static final int BYTES = 32;

  private TableHash() {}

  public static byte[] of(ReadStore tables) {
    MessageDigest digest = sha256();
    for (Table table : Table.values()) {
      add(digest, table.columnFamily().getBytes(StandardCharsets.US_ASCII));
      try (ReadStore.Cursor rows = tables.scan(table, new byte[0], null)) {
        while (rows.next()) {
          add(digest, rows.key());
          add(digest, rows.value());
        }
      }
    }
    return digest.digest();
  }

  private static void add(MessageDigest digest, byte[] bytes) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    digest.update(bytes);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
