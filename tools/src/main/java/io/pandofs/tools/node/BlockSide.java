package io.pandofs.tools.node;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.Blocks;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.net.BlockClient;
import io.pandofs.block.net.BlockServer;
import io.pandofs.block.replication.BlockCheck;
import io.pandofs.block.replication.Collector;
import io.pandofs.block.replication.ForegroundReads;
import io.pandofs.block.replication.Holdings;
import io.pandofs.block.replication.Keeper;
import io.pandofs.block.replication.Pace;
import io.pandofs.block.replication.ReplicatedBlocks;
import io.pandofs.block.replication.Replication;
import io.pandofs.block.replication.Scrub;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.config.Upkeep;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Service;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.Identity;
import io.pandofs.tools.Refusal;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/** The block side of a node: its store, its server, replication, repair, deletion and scrub. */
final class BlockSide {
  private static final int DISK_THREADS = 4;
  private static final int PUT_THREADS = 4;
  static final long SERVED_READS_BYTES_MAX = 16 << 20;

  final NodeDisks disks;
  final LocalBlocks local;
  final Service server;
  final Blocks blocks;
  final Keeper keeper;
  final Collector collector;
  final Scrub scrub;

  /** What the store has, for the applying thread. */
  final Holdings holdings;

  private final Replication replication;
  private final ForegroundReads reads;
  private final long scrubBytesPerSecond;
  private final long repairBytesPerSecond;

  private BlockSide(
      NodeDisks disks,
      Service server,
      Blocks blocks,
      Keeper keeper,
      Collector collector,
      Scrub scrub,
      Replication replication,
      ForegroundReads reads,
      Upkeep upkeep) {
    this.disks = disks;
    this.local = disks.blocks();
    this.server = server;
    this.blocks = blocks;
    this.keeper = keeper;
    this.collector = collector;
    this.scrub = scrub;
    this.holdings = new Holdings(local, disks::departures, keeper::reset);
    this.replication = replication;
    this.reads = reads;
    this.scrubBytesPerSecond = upkeep.scrubBytesPerSecond();
    this.repairBytesPerSecond = upkeep.repairBytesPerSecond();
  }

  /**
   * Opens the stores and puts the rest on top; {@link #start} sets repair and deletion going.
   *
   * @param lastIsDamaged as {@link NodeDisks#onLost}
   */
  static BlockSide open(
      NodeConfig config,
      Identity identity,
      LocalDirectory directory,
      Connections connections,
      Clock clock,
      ScheduledExecutorService scheduler,
      Parts parts,
      Consumer<String> lastIsDamaged)
      throws Refusal {
    NodeDisks disks = NodeDisks.open(config, identity, clock, parts, othersHaveCopies(directory));
    disks.compress(directory::compression);
    LocalBlocks local = disks.blocks();
    ExecutorService disk = parts.add("disk threads", new Workers("disk", DISK_THREADS)).executor();
    ExecutorService puts = parts.add("put threads", new Workers("put", PUT_THREADS)).executor();
    Replication replication =
        new Replication(
            identity.node(),
            local,
            directory,
            directory,
            new BlockClient(connections),
            clock,
            scheduler,
            disk,
            puts);
    ForegroundReads reads = new ForegroundReads();
    Keeper keeper = parts.add("repair", new Keeper(replication, reads, repair(config.upkeep())));
    Collector collector =
        parts.add("deletion", new Collector(replication, Collector.Settings.DEFAULT));
    ScrubFile journal = new ScrubFile(config.dataDirectory().resolve("scrub.json"));
    Scrub scrub =
        parts.add("scrub", new Scrub(replication, keeper, reads, scrub(config.upkeep()), journal));
    disks.onLost(
        keeper::reset,
        disk,
        trouble -> {
          if (othersHaveCopies(directory)) {
            lastIsDamaged.accept(trouble);
          }
        });
    return new BlockSide(
        disks,
        new BlockServer(
            identity.node(),
            local,
            directory,
            keeper,
            collector::isDeparting,
            disk,
            puts,
            SERVED_READS_BYTES_MAX),
        new ReplicatedBlocks(replication, keeper, reads, settings(config)),
        keeper,
        collector,
        scrub,
        replication,
        reads,
        config.upkeep());
  }

  /** Otherwise a damaged store is better than none: some of it may still be read. */
  private static boolean othersHaveCopies(BlockDirectory directory) {
    return directory.replicas(0).nodes().size() > 1;
  }

  /** Checks single copies. */
  BlockCheck check() {
    return new BlockCheck(replication, keeper);
  }

  /** For work like scrub: within its limit, and after reads of mounts. */
  Pace scrubPace(long nowNanos) {
    return new Pace(scrubBytesPerSecond, reads, nowNanos);
  }

  /** For work like repair: within its limit, and after reads of mounts. */
  Pace repairPace(long nowNanos) {
    return new Pace(repairBytesPerSecond, reads, nowNanos);
  }

  /** The store has become another one: compares all with the tables, and looks for leftovers. */
  void compareAgain() {
    keeper.reset();
    collector.sweepSoon();
  }

  void start() {
    keeper.start();
    collector.start();
    scrub.start();
  }

  private static Keeper.Settings repair(Upkeep upkeep) {
    Keeper.Settings usual = Keeper.Settings.DEFAULT;
    return new Keeper.Settings(
        usual.parallel(), upkeep.repairBytesPerSecond(), usual.patience(), usual.fetchTimeout());
  }

  private static Scrub.Settings scrub(Upkeep upkeep) {
    return new Scrub.Settings(upkeep.scrubBytesPerSecond(), upkeep.scrubEvery());
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
}
