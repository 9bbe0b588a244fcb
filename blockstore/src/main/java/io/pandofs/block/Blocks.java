package io.pandofs.block;

import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The cluster's blocks, as a mount writes and reads them. Thread-safe. */
public interface Blocks {
  /** The most bytes of a block. */
  int BLOCK_BYTES_MAX = 4 << 20;

  /**
   * Stores a new block on all replicas of its group at the same time. Completes when a quorum has
   * it on stable storage, and goes on pushing to the rest. Fails with an {@code IOException} when
   * no quorum can be had in time, and at once with a {@link StoreFullException} when there is none
   * because so many replicas are full: then nothing may be committed that names the block. Waits
   * before it takes more than the put budget, and has failed with a {@link PutsBusyException} when
   * it returns if that was too long.
   *
   * @param bytes position to limit, at most 4 MiB; must not change until the future is done
   */
  CompletableFuture<StoredBlock> put(SessionId session, BlockId block, ByteBuffer bytes);

  /**
   * Reads {@code into.remaining()} bytes from {@code offset}: from the local store when it has a
   * good copy, from another replica when not. Every byte is checked against its checksum before it
   * is given out. When the future completes well, the position of {@code into} is at its limit; it
   * must not be touched before. Fails with an {@code IOException} when no replica answers with good
   * bytes.
   */
  CompletableFuture<Void> read(BlockId block, int offset, ByteBuffer into);
}
