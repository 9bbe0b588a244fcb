package io.pandofs.common;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A look at RocksDB's MANIFEST and write-ahead logs before it opens them. Both are sequences of
 * records in blocks of 32 KiB, each with a header: CRC (4 bytes), length (2), kind (1); little
 * endian ("Write Ahead Log File Format" of its wiki). One flipped bit can make an ordinary kind one
 * of a recycled log, and RocksDB 11.8.1, which then compares the number of a log before it compares
 * the CRC, reads such a record of a MANIFEST again and again for ever. We recycle no logs: such a
 * kind is damage. Another flipped bit makes a length go beyond the end of the file: RocksDB takes
 * that for a record that was not finished before a crash, and leaves it out with all those behind
 * it. But the CRC of one that was finished is that of a shorter length. All other damage is left to
 * RocksDB, which finds it by the CRC.
 */
public final class RocksLogs {

  private static final int BLOCK_BYTES = 32 << 10;
  private static final int HEADER_BYTES = 7;
  private static final int LENGTH_AT = 4;
  private static final int KIND_AT = 6;

  /** The recyclable kinds of RocksDB's db/log_format.h. */
  private static final Set<Integer> RECYCLED = Set.of(5, 6, 7, 8, 11, 131);

  private RocksLogs() {}

  /**
   * What is wrong with the logs of a database that is not open.
   *
   * @return the words for it, with the name of the file; null if RocksDB can be let in, also when
   *     there is no database
   * @throws IOException if they cannot be read
   */
  public static @Nullable String damage(Path database) throws IOException {
    if (!Files.isDirectory(database)) {
      return null;
    }
    try (Stream<Path> files = Files.list(database)) {
      for (Path file : (Iterable<Path>) files.filter(RocksLogs::isLog).sorted()::iterator) {
        String damage = damageOf(file);
        if (damage != null) {
          return file.getFileName() + damage;
        }
      }
    }
    return null;
  }

  private static boolean isLog(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.startsWith("MANIFEST-") || name.endsWith(".log");
  }

  private static @Nullable String damageOf(Path file) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file)) {
      for (long start = 0; ; start += BLOCK_BYTES) {
        block.clear();
        while (block.hasRemaining() && channel.read(block, start + block.position()) >= 0) {
          // A read may be short.
        }
        block.flip();
        String damage = damageOf(block, start);
        if (damage != null || block.limit() < BLOCK_BYTES) {
          return damage;
        }
      }
    }
  }

  private static @Nullable String damageOf(ByteBuffer block, long start) {
    int at = 0;
    while (at + HEADER_BYTES <= block.limit()) {
      int kind = Byte.toUnsignedInt(block.get(at + KIND_AT));
      if (RECYCLED.contains(kind)) {
        return " has a record of a kind that is never written, at " + (start + at);
      }
      int payload = Short.toUnsignedInt(block.getShort(at + LENGTH_AT));
      if (kind == 0 && payload == 0) {
        return null; // Prepared room, or a torn write: RocksDB passes over the rest of the block.
      }
      int next = at + HEADER_BYTES + payload;
      if (next > block.limit() && isShorter(block, at)) {
        return " has a record with a wrong length, at " + (start + at);
      }
      at = next;
    }
    return null;
  }

  /** Whether the record's CRC is that of fewer bytes than are left of the file. */
  private static boolean isShorter(ByteBuffer block, int at) {
    int stored = block.getInt(at);
    CRC32C crc = new CRC32C();
    for (int i = at + KIND_AT; i < block.limit(); i++) {
      crc.update(block.get(i));
      if (masked((int) crc.getValue()) == stored) {
        return true;
      }
    }
    return false;
  }

  /** As RocksDB stores them: a CRC of bytes that have a CRC among them tells little. */
  private static int masked(int crc) {
    return Integer.rotateRight(crc, 15) + 0xa282ead8;
  }
}
