package io.pandofs.common;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A look at RocksDB's MANIFEST and write-ahead logs before it opens them. Both are sequences of
 * records in blocks of 32 KiB, each with a header: CRC (4 bytes), length (2), kind (1); little
 * endian ("Write Ahead Log File Format" of its wiki). One flipped bit can make an ordinary kind one
 * of a recycled log, and RocksDB 11.8.1, which then compares the number of a log before it compares
 * the CRC, reads such a record of a MANIFEST again and again for ever. We recycle no logs: such a
 * kind is damage. All other damage is left to RocksDB, which finds it by the CRC.
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
        long at = recycledRecord(file);
        if (at >= 0) {
          return file.getFileName() + " has a record of a kind that is never written, at " + at;
        }
      }
    }
    return null;
  }

  private static boolean isLog(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.startsWith("MANIFEST-") || name.endsWith(".log");
  }

  /** The offset of the first such record, or -1. */
  private static long recycledRecord(Path file) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file)) {
      for (long start = 0; ; start += BLOCK_BYTES) {
        block.clear();
        while (block.hasRemaining() && channel.read(block, start + block.position()) >= 0) {
          // A read may be short.
        }
        int length = block.position();
        int at = recycledRecord(block, length);
        if (at >= 0) {
          return start + at;
        }
        if (length < BLOCK_BYTES) {
          return -1;
        }
      }
    }
  }

  private static int recycledRecord(ByteBuffer block, int length) {
    int at = 0;
    while (at + HEADER_BYTES <= length) {
      int kind = Byte.toUnsignedInt(block.get(at + KIND_AT));
      if (RECYCLED.contains(kind)) {
        return at;
      }
      int payload = Short.toUnsignedInt(block.getShort(at + LENGTH_AT));
      if (kind == 0 && payload == 0) {
        return -1; // Prepared room, or a torn write: RocksDB passes over the rest of the block.
      }
      at += HEADER_BYTES + payload;
    }
    return -1;
  }
}
