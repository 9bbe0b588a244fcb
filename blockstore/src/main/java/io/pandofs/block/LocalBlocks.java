package io.pandofs.block;

import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The blocks on this node's own disks. Thread-safe. A block is there wholly or not at all; its
 * bytes never change while it is there, and no read gives out bytes that were not checked against
 * their checksum.
 *
 * <p>Contract of time and threads: {@link #put} does not wait for the disk; everything else may,
 * and is not called on I/O threads. A put that has completed survives a power cut; a delete that
 * has returned may come back after one, so whoever deletes must be able to do it again.
 */
public interface LocalBlocks extends AutoCloseable {
  /**
   * Stores a block. Completes once it is on stable storage; many puts share one barrier. A block
   * that is there already with the same length and checksum is a success (its session stays the
   * first one's); with another length or checksum it fails with {@link BlockConflictException}.
   * Fails with {@code IOException} when the disk does: then the block may or may not be there after
   * a restart, and is not visible before. Cancelling the future takes back a put that still waits;
   * one that is under way goes on, and looks at the bytes for a moment longer.
   *
   * @param session of the writer, kept with the block
   * @param bytes position to limit, 1 byte to 4 MiB; must not change until the future is done
   * @param crc32c over all the bytes; the caller has checked that it is theirs
   */
  CompletableFuture<Void> put(SessionId session, BlockId block, ByteBuffer bytes, int crc32c);

  /**
   * Fills {@code into} with the bytes from {@code offset} on, each checked. On any exception the
   * contents of {@code into} are undefined.
   *
   * @throws BlockMissingException the block is not here
   * @throws BlockCorruptException a piece does not match its checksum, is gone, or the disk cannot
   *     read it
   * @throws IllegalArgumentException a range that is not within the block
   */
  void read(BlockId block, int offset, ByteBuffer into) throws IOException;

  /** What is known of a block that is here; null when it is not. Reads no bytes of it. */
  @Nullable LocalBlock find(BlockId block) throws IOException;

  /** Whether the block is here, good or bad. Reads no bytes of it. */
  default boolean contains(BlockId block) throws IOException {
    return find(block) != null;
  }

  /** Removes the blocks that are here, ignores the others. */
  void delete(List<BlockId> blocks) throws IOException;

  /**
   * Blocks with a number over {@code after}, in order, at most {@code limit}; no bytes are read.
   */
  List<LocalBlock> scan(long after, int limit) throws IOException;

  /** Space, from counters; cheap. */
  Usage usage();

  @Override
  void close();

  /** A block that is here: its number, the session that wrote it, its length and checksum. */
  record LocalBlock(BlockId block, SessionId session, int length, int crc32c) {
    /** Whether it is said to have this length and checksum. */
    public boolean is(int asLong, int checksum) {
      return length == asLong && crc32c == checksum;
    }
  }

  /**
   * Space on the disks of this store.
   *
   * @param blocks how many are stored
   * @param usedBytes the sum of their lengths
   * @param freeBytes what can still be stored
   */
  record Usage(long blocks, long usedBytes, long freeBytes) {}
}
