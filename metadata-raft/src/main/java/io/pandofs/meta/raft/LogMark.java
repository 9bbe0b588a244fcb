package io.pandofs.meta.raft;

import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Evidence of how far Raft had come on this node, kept apart from Raft's own files and up to a
 * second older: a log or a vote that falls short of it was lost or put back. Written whole and
 * synced; a mark that does not read is no evidence. Layout in docs/formats.md.
 *
 * @param committed an index that was committed, and synced, in this node's log; -1 for none
 * @param term the term Raft was in
 * @param vote whom this node had voted for in that term; empty for nobody
 * @param configuration the checksum of the voters in Raft's file of them as it then was
 * @param configurationIndex the index of the entry in that file; -1 for none
 */
record LogMark(long committed, long term, String vote, int configuration, long configurationIndex) {
  private static final byte[] MAGIC = "PANDOMRK".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int VOTE_BYTES_MAX = 64;

  /** The mark in this file; null when there is none that can be believed. */
  static @Nullable LogMark read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return null;
    }
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length < MAGIC.length + 8
        || !ByteBuffer.wrap(bytes, 0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, MAGIC.length, bytes.length - MAGIC.length);
    try {
      if (ByteBuffer.wrap(bytes).getInt(bytes.length - 4) != sum(bytes, bytes.length - 4)
          || in.getInt() != VERSION) {
        return null;
      }
      long committed = in.getLong();
      long term = in.getLong();
      byte[] vote = new byte[Math.min(in.get() & 0xff, VOTE_BYTES_MAX)];
      in.get(vote);
      return new LogMark(
          committed, term, new String(vote, StandardCharsets.UTF_8), in.getInt(), in.getLong());
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  void write(Path file) throws IOException {
    byte[] name = vote.getBytes(StandardCharsets.UTF_8);
    if (name.length > VOTE_BYTES_MAX) {
      throw new IOException("an id of " + name.length + " bytes");
    }
    ByteBuffer out =
        ByteBuffer.allocate(MAGIC.length + 4 + 8 + 8 + 1 + name.length + 4 + 8 + 4)
            .put(MAGIC)
            .putInt(VERSION)
            .putLong(committed)
            .putLong(term)
            .put((byte) name.length)
            .put(name)
            .putInt(configuration)
            .putLong(configurationIndex);
    out.putInt(sum(out.array(), out.position()));
    DurableFiles.replace(file, out.array());
  }

  private static int sum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
