package io.pandofs.tools.setup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The end of a log, which may be long, and may hold bytes that are no text. */
final class LogTail {
  private static final int BYTES_MAX = 16 << 10;

  private LogTail() {}

  /** So many lines of it, or fewer when they are long. */
  static List<String> of(Path log, int linesMax) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES_MAX);
    try (FileChannel channel = FileChannel.open(log)) {
      channel.position(Math.max(0, channel.size() - BYTES_MAX));
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // A read may bring less than there is room for.
      }
    }
    bytes.flip();
    List<String> lines = StandardCharsets.UTF_8.decode(bytes).toString().lines().toList();
    return lines.subList(Math.max(0, lines.size() - linesMax), lines.size());
  }
}
