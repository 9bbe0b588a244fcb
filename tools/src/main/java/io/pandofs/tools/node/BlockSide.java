package io.pandofs.tools.node;

import io.pandofs.block.Blocks;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.StoreRefusedException;
import io.pandofs.block.local.LocalBlockOptions;
import io.pandofs.block.local.LocalBlockStore;
import io.pandofs.block.net.BlockClient;
import io.pandofs.block.net.BlockServer;
import io.pandofs.block.replication.Collector;
import io.pandofs.block.replication.ForegroundReads;
import io.pandofs.block.replication.Keeper;
import io.pandofs.block.replication.ReplicatedBlocks;
import io.pandofs.block.replication.Replication;
import io.pandofs.common.BlockId;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Service;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.Identity;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The block side of a node: its store, its server, replication, repair and deletion. */
final class BlockSide {
  private static final Logger LOG = LoggerFactory.getLogger(BlockSide.class);
  private static final int DISK_THREADS = 4;
  private static final long SERVED_READS_BYTES_MAX = 16 << 20;

  final LocalBlocks local;
  final Service server;
  final Blocks blocks;
  final Keeper keeper;
  final Collector collector;

  private BlockSide(
      LocalBlocks local, Service server, Blocks blocks, Keeper keeper, Collector collector) {
    this.local = local;
    this.server = server;
    this.blocks = blocks;
    this.keeper = keeper;
    this.collector = collector;
  }

  static Path directory(NodeConfig config) {
    return config.dataDirectory().resolve("blocks");
  }

  /** Opens the store and puts the rest on top; {@link #start} sets repair and deletion going. */
  static BlockSide open(
      NodeConfig config,
      Identity identity,
      LocalDirectory directory,
      Connections connections,
      Clock clock,
      ScheduledExecutorService scheduler,
      Parts parts)
      throws Refusal {
    LocalBlocks local = parts.add("block store", openStore(config, identity, clock, parts));
    ExecutorService disk = parts.add("disk threads", new Workers("disk", DISK_THREADS)).executor();
    Replication replication =
        new Replication(
            identity.node(),
            local,
            directory,
            directory,
            new BlockClient(connections),
            clock,
            scheduler,
            disk);
    ForegroundReads reads = new ForegroundReads();
    Keeper keeper = parts.add("repair", new Keeper(replication, reads, Keeper.Settings.DEFAULT));
    Collector collector =
        parts.add("deletion", new Collector(replication, Collector.Settings.DEFAULT));
    return new BlockSide(
        local,
        new BlockServer(identity.node(), local, directory, keeper, disk, SERVED_READS_BYTES_MAX),
        new ReplicatedBlocks(replication, keeper, reads, settings(config)),
        keeper,
        collector);
  }

  /** Whether the store has it on stable storage; false when the store cannot tell. */
  boolean holds(BlockId block, int length, int crc32c) {
    try {
      LocalBlocks.LocalBlock found = local.find(block);
      return found != null && found.length() == length && found.crc32c() == crc32c;
    } catch (IOException | IllegalStateException e) {
      // Then it is needed, and the keeper looks into the matter.
      LOG.debug("cannot look for {}: {}", block, e.toString());
      return false;
    }
  }

  void start() {
    keeper.start();
    collector.start();
  }

  private static ReplicatedBlocks.Settings settings(NodeConfig config) {
    ReplicatedBlocks.Settings usual = ReplicatedBlocks.Settings.DEFAULT;
    long putBytesMax = config.budgets().blockPuts();
    // A put waits for its quorum as long as the mount's operations wait for theirs.
    Duration patience = config.quorumLoss().patience();
    Duration putTimeout =
        patience.compareTo(usual.putTimeout()) > 0 ? patience : usual.putTimeout();
    return new ReplicatedBlocks.Settings(
        putTimeout, putBytesMax, putBytesMax / 2, usual.hedge(), usual.readTimeout());
  }

  static LocalBlocks openStore(NodeConfig config, Identity identity, Clock clock, Parts parts)
      throws Refusal {
    ScheduledExecutorService tidying = parts.add("tidying", new Workers("tidy", 1)).scheduler();
    LocalBlockOptions options =
        LocalBlockOptions.of(
                directory(config), new UUID(identity.incarnation(), identity.node().value()))
            .withMemory(config.budgets().blockTables());
    try {
      return LocalBlockStore.open(options, clock, tidying);
    } catch (StoreRefusedException e) {
      throw new Refusal("Cannot start: " + e.getMessage() + ".", e);
    } catch (IOException e) {
      throw new Refusal("Cannot open the block store: " + e.getMessage() + ".", e);
    }
  }
}
