package io.pandofs.meta.log;

import java.nio.ByteBuffer;

/**
 * Log entries and replies as bytes: protobuf behind a version (docs/formats.md). Everything that
 * comes in is checked: lengths, names, numbers. Stateless.
 */
public final class LogCodec {
  private LogCodec() {}

  public static byte[] encode(LogEntry entry) {
    throw new UnsupportedOperationException();
  }

  /** Decodes what remains in the buffer, whose position is not moved. */
  public static LogEntry decodeEntry(ByteBuffer bytes) throws MalformedException {
    throw new UnsupportedOperationException();
  }

  public static byte[] encode(LogReply reply) {
    throw new UnsupportedOperationException();
  }

  /** Decodes what remains in the buffer, whose position is not moved. */
  public static LogReply decodeReply(ByteBuffer bytes) throws MalformedException {
    throw new UnsupportedOperationException();
  }
}
