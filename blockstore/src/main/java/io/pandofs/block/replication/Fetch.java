package io.pandofs.block.replication;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.BlockRow;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.block.net.RemoteBlock;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings one committed block into the local store: asks its other replicas in turn for all of it,
 * takes only bytes that match the log's row, and replaces a bad copy only once it has a good one. A
 * good one that has come here meanwhile, from its writer, stays: it may have been acknowledged.
 */
final class Fetch {
  /** Somebody has answered, and nobody had a good copy: that says nothing of other blocks. */
  static final class NoGoodCopyException extends IOException {
    private static final long serialVersionUID = 1;

    NoGoodCopyException(String message) {
      super(message);
    }
  }

  private final Replication replication;
  private final BlockRow row;
  private final Duration timeout;
  private final BooleanSupplier isBad;
  private final Deque<NodeId> sources;
  private final StringBuilder troubles = new StringBuilder();
  private boolean isAnswered;
  private final CompletableFuture<Void> result = new CompletableFuture<>();

  /**
   * @param isBad whether the copy that is here is known to be damaged, asked once there is another
   */
  Fetch(Replication replication, BlockRow row, Duration timeout, BooleanSupplier isBad) {
    this.replication = replication;
    this.row = row;
    this.timeout = timeout;
    this.isBad = isBad;
    this.sources =
        new ArrayDeque<>(replication.sourcesOf(row.block().group(), row.block().serial()));
  }

  /**
   * Completes when the block is on this node's stable storage. Fails with a {@link
   * NoGoodCopyException}, or with another exception if nobody answered or the store failed.
   */
  CompletableFuture<Void> start() {
    askNext();
    return result;
  }

  private void askNext() {
    NodeId node = sources.poll();
    if (node == null) {
      String why = troubles.isEmpty() ? "no other replica is known" : troubles.toString();
      String message = "cannot fetch " + row.block() + ": " + why;
      result.completeExceptionally(
          isAnswered ? new NoGoodCopyException(message) : new IOException(message));
      return;
    }
    InetSocketAddress address = replication.peers().addressOf(node);
    if (address == null) {
      failed(node, "no address is known");
      return;
    }
    var unused =
        replication
            .client()
            .expecting(node)
            .read(address, row.block(), 0, row.length(), timeout)
            .whenComplete(
                (bytes, failure) -> {
                  try {
                    answered(node, bytes, failure);
                  } catch (RuntimeException e) {
                    // As the tables throw when they are closed: the fetch must end all the same.
                    result.completeExceptionally(e);
                  }
                });
  }

  private void failed(NodeId node, String trouble) {
    troubles.append(troubles.isEmpty() ? "" : ", ").append(node).append(": ").append(trouble);
    askNext();
  }

  private void answered(NodeId node, @Nullable RemoteBlock bytes, @Nullable Throwable failure) {
    isAnswered |= bytes != null || isAnswer(failure);
    if (bytes == null) {
      failed(node, Failures.describe(failure));
    } else if (Checksums.crc32c(bytes.bytes()) != row.crc32c()) {
      bytes.close();
      failed(node, "its bytes are not those that were committed");
    } else {
      store(bytes);
    }
  }

  private static boolean isAnswer(@Nullable Throwable failure) {
    Throwable cause = failure == null ? null : Failures.unwrap(failure);
    return cause instanceof BlockMissingException
        || cause instanceof BlockCorruptException
        || cause instanceof RemoteException;
  }

  private void store(RemoteBlock bytes) {
    try {
      replication.disk().execute(() -> storeNow(bytes));
    } catch (RejectedExecutionException e) {
      bytes.close();
      result.completeExceptionally(new IOException("the node is stopping", e));
    }
  }

  private void storeNow(RemoteBlock bytes) {
    LocalBlocks local = replication.local();
    try {
      LocalBlock found = local.find(row.block());
      if (found != null && (isBad.getAsBoolean() || !found.is(row.length(), row.crc32c()))) {
        local.delete(List.of(row.block()));
      }
      ByteBuffer good = bytes.bytes();
      var unused =
          local
              .put(bytes.session(), row.block(), good, row.crc32c())
              .whenComplete((done, failure) -> stored(bytes, failure));
    } catch (IOException | RuntimeException e) {
      stored(bytes, e);
    }
  }

  private void stored(RemoteBlock bytes, @Nullable Throwable failure) {
    bytes.close();
    if (failure == null) {
      result.complete(null);
    } else {
      result.completeExceptionally(failure);
    }
  }
}
