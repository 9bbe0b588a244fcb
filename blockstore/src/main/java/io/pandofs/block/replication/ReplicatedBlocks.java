package io.pandofs.block.replication;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.Blocks;
import io.pandofs.block.LocalFaults;
import io.pandofs.block.PutsBusyException;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's blocks, as this node writes and reads them.
 *
 * <p>Threads: a put waits on its caller's thread for room in the put budget; a read does its local
 * part on its caller's thread and completes there when the local copy is good; while this node's
 * disks are far slower than others, it asks those first. Futures of puts complete on a thread for
 * puts, of remote reads on an I/O thread: what depends on them must not block.
 */
public final class ReplicatedBlocks implements Blocks {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicatedBlocks.class);
  private static final long HEDGE_MIN_NANOS = Duration.ofMillis(10).toNanos();

  /**
   * Bounds and times.
   *
   * @param putTimeout how long a put may wait for room, and then take to find a quorum
   * @param putBytesMax of the buffers of puts that have no quorum yet; over it, callers wait
   * @param pushBytesMax of the buffers of puts that have one, and go on to the rest of their
   *     replicas; over it, the rest is left to their repair
   * @param hedge how long a replica may be silent, at most, before the next is asked too; less when
   *     it usually is quicker
   * @param readTimeout for one replica
   */
  public record Settings(
      Duration putTimeout,
      long putBytesMax,
      long pushBytesMax,
      Duration hedge,
      Duration readTimeout) {
    public static final Settings DEFAULT =
        new Settings(
            Duration.ofSeconds(10),
            32L << 20,
            16L << 20,
            Duration.ofMillis(300),
            Duration.ofSeconds(10));

    public Settings {
      if (putBytesMax < Blocks.BLOCK_BYTES_MAX) {
        throw new IllegalArgumentException("no room for one block: " + putBytesMax);
      }
    }
  }

  private final Replication replication;
  private final LocalFaults faults;
  private final ForegroundReads reads;
  private final Settings settings;
  private final PutBuffers buffers;
  private final PeerLoads loads;
  private final LocalPace pace;

  public ReplicatedBlocks(
      Replication replication, LocalFaults faults, ForegroundReads reads, Settings settings) {
    this(
        replication,
        faults,
        reads,
        settings,
        new PutBuffers(
            settings.putBytesMax(), settings.pushBytesMax(), ByteBuffer::allocateDirect));
  }

  ReplicatedBlocks(
      Replication replication,
      LocalFaults faults,
      ForegroundReads reads,
      Settings settings,
      PutBuffers buffers) {
    this.replication = replication;
    this.faults = faults;
    this.reads = reads;
    this.settings = settings;
    this.buffers = buffers;
    this.loads = new PeerLoads(HEDGE_MIN_NANOS, settings.hedge().toNanos());
    this.pace = new LocalPace(replication.clock());
  }

  @Override
  public CompletableFuture<StoredBlock> put(SessionId session, BlockId block, ByteBuffer bytes) {
    int length = bytes.remaining();
    if (length == 0 || length > Blocks.BLOCK_BYTES_MAX) {
      throw new IllegalArgumentException("a block of " + length + " bytes");
    }
    try {
      if (!buffers.takePut(length, settings.putTimeout())) {
        return CompletableFuture.failedFuture(
            new PutsBusyException(
                "no room among the puts under way in time, " + block + " not stored"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CompletableFuture.failedFuture(
          new IOException("interrupted, " + block + " not stored"));
    }
    PutTask task;
    try {
      task = task(session, block, bytes);
    } catch (OutOfMemoryError e) {
      buffers.givePut(length);
      return CompletableFuture.failedFuture(
          new IOException("no memory for a copy, " + block + " not stored", e));
    }
    return task.start();
  }

  private PutTask task(SessionId session, BlockId block, ByteBuffer bytes) {
    ByteBuffer copy = buffers.copyOf(bytes);
    int crc32c = Checksums.crc32c(copy);
    return new PutTask(replication, buffers, settings.putTimeout(), session, block, copy, crc32c);
  }

  @Override
  public CompletableFuture<Void> read(BlockId block, int offset, ByteBuffer into) {
    int length = into.remaining();
    if (offset < 0 || length > Blocks.BLOCK_BYTES_MAX || offset > Blocks.BLOCK_BYTES_MAX - length) {
      throw new IllegalArgumentException("not a range of a block: " + offset + ", " + length);
    }
    if (length == 0) {
      return CompletableFuture.completedFuture(null);
    }
    reads.begin();
    CompletableFuture<Void> done;
    try {
      done = fromAnywhere(block, offset, into);
    } catch (RuntimeException | Error e) {
      reads.end();
      throw e;
    }
    return done.whenComplete((read, failure) -> reads.end());
  }

  private CompletableFuture<Void> fromAnywhere(BlockId block, int offset, ByteBuffer into) {
    if (isReadAround(block)) {
      return remote(block, offset, into)
          .handle((done, failure) -> failure)
          .thenCompose(
              failure ->
                  failure == null
                      ? CompletableFuture.completedFuture(null)
                      : fromHereAfterAll(block, offset, into, failure));
    }
    return readLocal(block, offset, into)
        ? CompletableFuture.completedFuture(null)
        : remote(block, offset, into);
  }

  /** Whether this node's disks are so slow that another replica is likely to be quicker. */
  boolean isReadAround(BlockId block) {
    return pace.isSlow(() -> loads.quickestNanos(replication.othersOf(block.group(), 0)));
  }

  private CompletableFuture<Void> fromHereAfterAll(
      BlockId block, int offset, ByteBuffer into, Throwable failure) {
    return CompletableFuture.runAsync(
        () -> {
          if (!readLocal(block, offset, into)) {
            throw new CompletionException(Failures.unwrap(failure));
          }
        },
        replication.disk());
  }

  private CompletableFuture<Void> remote(BlockId block, int offset, ByteBuffer into) {
    return new RemoteRead(
            replication,
            loads,
            settings.readTimeout(),
            block,
            offset,
            into.remaining(),
            RemoteRead.ROUNDS_FOR_READERS)
        .into(into);
  }

  private boolean readLocal(BlockId block, int offset, ByteBuffer into) {
    int start = into.position();
    long began = pace.begin();
    try {
      replication.local().read(block, offset, into);
      return true;
    } catch (BlockMissingException e) {
      faults.missing(block);
    } catch (BlockCorruptException e) {
      LOG.warn("reading another copy: {}", e.getMessage());
      faults.damaged(block);
    } catch (IOException e) {
      LOG.warn("reading another copy of {}, the local store fails", block, e);
    } finally {
      pace.end(began);
    }
    into.position(start);
    return false;
  }
}
