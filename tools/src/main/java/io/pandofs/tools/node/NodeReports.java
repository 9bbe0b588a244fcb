package io.pandofs.tools.node;

import io.pandofs.block.replication.Keeper;
import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.meta.raft.MetadataReplica;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Nodes ask each other how far they are with the blocks that they must hold. Thread-safe. */
final class NodeReports implements Service {
  /** Two numbers: a log index, and the number after which a page of missing blocks begins. */
  static final int REPORT = 310;

  private static final int PAGE = 4096;
  private static final long COUNT_MAX = 100_000;
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final MetadataReplica replica;
  private final BlockTables tables;
  private final Keeper keeper;
  private final Connections connections;
  private final Executor executor;

  /**
   * @param executor for work that reads tables
   */
  NodeReports(
      MetadataReplica replica,
      BlockTables tables,
      Keeper keeper,
      Connections connections,
      Executor executor) {
    this.replica = replica;
    this.tables = tables;
    this.keeper = keeper;
    this.connections = connections;
    this.executor = executor;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    long index;
    long after;
    try (request) {
      ByteBuffer header = request.header();
      if (header.remaining() != 2 * Long.BYTES) {
        return CompletableFuture.failedFuture(new IOException("not a request for a report"));
      }
      index = header.getLong();
      after = header.getLong();
    }
    try {
      return CompletableFuture.supplyAsync(() -> report(index, Math.max(0, after)), executor)
          .thenApply(report -> Payload.of(report.encode()));
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(new IOException("the node is stopping", e));
    }
  }

  private NodeReport report(long index, long after) {
    // In this order: what is applied or compared later can only make the count too high.
    long applied;
    try {
      applied = replica.status().applied();
    } catch (ErrnoException e) {
      throw new IllegalStateException("the node is stopping", e);
    }
    long compared = keeper.comparedEpoch();
    long needed = tables.neededUpTo(index, COUNT_MAX);
    List<BlockId> missing =
        after == Long.MAX_VALUE
            ? List.of()
            : tables.neededAfter(after, PAGE).stream().map(BlockTables.Needed::block).toList();
    return new NodeReport(applied, compared, needed, keeper.fetchedBlocks(), missing);
  }

  /**
   * Asks a node, this one too.
   *
   * @param index counts what was needed at or before this log index
   * @param after pages begin behind this block; {@code Long.MAX_VALUE} for none
   */
  NodeReport ask(ClusterView.Node node, long index, long after)
      throws IOException, InterruptedException {
    InetSocketAddress control = LocalDirectory.unresolved(node.control());
    if (control == null) {
      throw new IOException(Members.text(node) + " has no address");
    }
    byte[] request = ByteBuffer.allocate(2 * Long.BYTES).putLong(index).putLong(after).array();
    try (Payload answer =
        connections
            .expecting(node.id())
            .call(control, REPORT, Payload.of(request), DEADLINE)
            .get(2 * DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
      return NodeReport.decode(answer.header());
    } catch (ExecutionException | TimeoutException | IllegalArgumentException e) {
      throw new IOException("no report from " + Members.text(node) + ": " + e.getMessage(), e);
    }
  }
}
