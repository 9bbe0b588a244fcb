package io.pandofs.tools.admin;

import io.pandofs.tools.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What both ends of the channel agree on: where the socket is, and lines of bounded length. */
final class AdminSocket {
  /** The longest request, in bytes. */
  static final int REQUEST_MAX = 64 << 10;

  /** The longest line of an answer, in bytes. */
  static final int ANSWER_MAX = 4 << 20;

  /** The kernel's room for the name of a socket, with the zero behind it. */
  private static final int NAME_MAX = 107;

  private AdminSocket() {}

  /** The socket of the daemon that uses this data directory. */
  static UnixDomainSocketAddress in(Path dataDirectory) throws Refusal {
    Path socket = dataDirectory.toAbsolutePath().normalize().resolve("admin.sock");
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > NAME_MAX) {
      throw new Refusal(
          "The path "
              + socket
              + " is longer than the "
              + NAME_MAX
              + " bytes that a socket may have; choose a shorter data_dir.");
    }
    return UnixDomainSocketAddress.of(socket);
  }

  /** The next line without its end; null at the end of the stream. */
  static @Nullable String readLine(InputStream in, int max) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return null;
      }
      if (line.size() == max) {
        throw new IOException("a line of over " + max + " bytes");
      }
      line.write(next);
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  static void writeLine(SocketChannel channel, String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
