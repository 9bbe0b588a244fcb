package io.pandofs.block.replication;

import io.pandofs.block.BlockPeers;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.Replicas;
import io.pandofs.block.net.BlockClient;
import io.pandofs.block.net.BlockServer;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.FrameServer;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** One node of a test's cluster: everything real but its directory and, perhaps, its disk. */
final class TestNode {
  static final Keeper.Settings KEEPER =
      new Keeper.Settings(4, 1L << 30, Duration.ofMillis(50), Duration.ofSeconds(10));
  static final Scrub.Settings SCRUB = new Scrub.Settings(1L << 30, Duration.ofHours(1));
  static final Collector.Settings COLLECTOR =
      new Collector.Settings(Duration.ofMillis(200), Duration.ofMillis(100));

  static final int DISK_THREADS = 4;

  /**
   * This process' own: no server of another test run takes the port of one that has stopped, and
   * answers in its place.
   */
  private static final InetAddress ADDRESS = addressOfProcess();

  final NodeId id;
  final FakeDirectory directory;
  final FaultyBlocks store;
  final ForegroundReads reads = new ForegroundReads();
  final ExecutorService disk = Executors.newFixedThreadPool(DISK_THREADS);
  final ExecutorService puts = Executors.newFixedThreadPool(2);
  final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);
  final NettyConnections connections;
  final Replication replication;
  private final NetThreads threads;
  private final Map<NodeId, InetSocketAddress> addresses;
  Keeper keeper;
  Collector collector;
  final MemoryJournal journal = new MemoryJournal();
  Scrub scrub;
  private @Nullable FrameServer server;

  /** Whom it knows beside the replicas. */
  volatile List<NodeId> members = List.of();

  TestNode(
      NodeId id,
      LocalBlocks blocks,
      Replicas replicas,
      NetThreads threads,
      Map<NodeId, InetSocketAddress> addresses) {
    Clock clock = new SystemClock();
    this.id = id;
    this.threads = threads;
    this.addresses = addresses;
    this.store = new FaultyBlocks(blocks);
    this.directory = new FakeDirectory(id, clock, replicas);
    store.onDelete(directory::requireGone);
    this.connections = new NettyConnections(threads, NettyConnections.Limits.DEFAULT);
    this.replication =
        new Replication(
            id,
            store,
            directory,
            peers(addresses),
            new BlockClient(connections),
            clock,
            scheduler,
            disk,
            puts);
    this.keeper = new Keeper(replication, reads, KEEPER);
    this.collector = new Collector(replication, COLLECTOR);
    this.scrub = scrub(SCRUB);
  }

  private static InetAddress addressOfProcess() {
    long pid = ProcessHandle.current().pid();
    byte[] address = {127, (byte) (pid >> 8), (byte) pid, 2};
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }

  private BlockPeers peers(Map<NodeId, InetSocketAddress> addresses) {
    return new BlockPeers() {
      @Override
      public @Nullable InetSocketAddress addressOf(NodeId node) {
        return addresses.get(node);
      }

      @Override
      public List<NodeId> members() {
        return members;
      }
    };
  }

  Scrub scrub(Scrub.Settings settings) {
    return new Scrub(replication, keeper, reads, settings, journal);
  }

  /** What a file would keep over a restart. */
  static final class MemoryJournal implements Scrub.Journal {
    volatile Scrub.State saved = Scrub.State.NEW;

    @Override
    public Scrub.State load() {
      return saved;
    }

    @Override
    public void save(Scrub.State state) {
      saved = state;
    }
  }

  /** Listens, on the port it had before if it had one. */
  void listen() throws IOException {
    InetSocketAddress before = addresses.get(id);
    int port = before == null ? 0 : before.getPort();
    FrameServer made =
        FrameServer.bind(
            threads,
            new InetSocketAddress(ADDRESS, port),
            new BlockServer(
                id,
                store,
                directory,
                keeper,
                block -> collector.isDeparting(block),
                disk,
                puts,
                16 << 20),
            FrameServer.Limits.DEFAULT);
    server = made;
    addresses.put(id, made.boundAddress());
  }

  void stopListening() {
    if (server != null) {
      server.close();
      server = null;
    }
  }

  ReplicatedBlocks blocks(ReplicatedBlocks.Settings settings) {
    return new ReplicatedBlocks(replication, keeper, reads, settings);
  }

  void close() {
    scrub.close();
    keeper.close();
    collector.close();
    stopListening();
    connections.close();
    store.releaseReads();
    store.releaseFinds();
    scheduler.shutdownNow();
    disk.shutdown();
    puts.shutdown();
  }
}
