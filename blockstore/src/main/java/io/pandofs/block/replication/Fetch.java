package io.pandofs.block.replication;

import io.pandofs.block.BlockRow;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.block.net.RemoteBlock;
import io.pandofs.common.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Brings one committed block into the local store: takes only bytes that match the log's row, and
 * replaces a bad copy only once it has a good one. A good one that has come here meanwhile, from
 * its writer, stays: it may have been acknowledged.
 */
final class Fetch {
  /** Late enough that a slow network does not carry every block twice. */
  private static final long HEDGE_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long HEDGE_MAX_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Replication replication;
  private final PeerLoads loads;
  private final BlockRow row;
  private final Duration timeout;
  private final BooleanSupplier isBad;

  /**
   * @param timeout for one replica
   * @param isBad whether the copy that is here is known to be damaged, asked once there is another
   */
  Fetch(
      Replication replication,
      PeerLoads loads,
      BlockRow row,
      Duration timeout,
      BooleanSupplier isBad) {
    this.replication = replication;
    this.loads = loads;
    this.row = row;
    this.timeout = timeout;
    this.isBad = isBad;
  }

  /** What the fetches of a keeper learn of whom to ask. */
  static PeerLoads newLoads() {
    return new PeerLoads(HEDGE_MIN_NANOS, HEDGE_MAX_NANOS);
  }

  /**
   * Completes when the block is on this node's stable storage. Fails as {@link RemoteRead} does, or
   * with what the store failed with, or when the node is stopping.
   */
  CompletableFuture<Void> start() {
    return new RemoteRead(
            replication, loads, timeout, row.block(), 0, row.length(), RemoteRead.ROUNDS_FOR_REPAIR)
        .start()
        .thenCompose(this::store);
  }

  private CompletableFuture<Void> store(RemoteBlock bytes) {
    return CompletableFuture.completedFuture(bytes)
        .thenComposeAsync(this::storeNow, replication.disk())
        .whenComplete((done, failure) -> bytes.close());
  }

  private CompletableFuture<Void> storeNow(RemoteBlock bytes) {
    LocalBlocks local = replication.local();
    ByteBuffer good = bytes.bytes();
    if (Checksums.crc32c(good) != row.crc32c()) {
      // The log's row may have gone, and nobody has compared with it.
      return CompletableFuture.failedFuture(
          new IOException(row.block() + " came with other bytes than were committed"));
    }
    try {
      LocalBlock found = local.find(row.block());
      if (found != null && (isBad.getAsBoolean() || !found.is(row.length(), row.crc32c()))) {
        local.delete(List.of(row.block()));
      }
      return local.put(bytes.session(), row.block(), good, row.crc32c());
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
