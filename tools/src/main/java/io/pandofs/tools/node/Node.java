package io.pandofs.tools.node;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.NodeId;
import io.pandofs.common.config.Endpoint;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.FrameServer;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.Service;
import io.pandofs.common.net.Tls;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.meta.raft.ControlMethods;
import io.pandofs.meta.raft.DamagedException;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Identity;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.meta.raft.ReplicaConfig;
import io.pandofs.meta.raft.ReplicaFailure;
import io.pandofs.meta.raft.ReplicaListener;
import io.pandofs.meta.raft.Surroundings;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.mount.compaction.Compactor;
import io.pandofs.mount.compaction.InlineMover;
import io.pandofs.mount.fuse.BootClock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.space.ClusterSpace;
import io.pandofs.tools.space.NodeStore;
import io.pandofs.tools.status.StatusServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: every part, wired by hand.
 *
 * <p>Started in the order: lock, checks that change nothing, status endpoint, a new id if it needs
 * one, servers' ports, metadata, blocks, mount. Closed in the opposite order, so that a mount
 * flushes while everything below it still works. {@link #close} may come at any time and from any
 * thread.
 */
final class Node implements AutoCloseable, ReplicaListener {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final int IO_THREADS = 2;
  private static final int SCHEDULER_THREADS = 2;
  private static final long LOOK_SECONDS = 2;
  private static final long CAPACITY_SECONDS = 10;

  private final NodeConfig config;
  private final CompletableFuture<ReplicaFailure> end;
  private final Clock clock = new BootClock();
  private final Parts parts = new Parts();
  private final NodeStatus status;

  private volatile @Nullable LocalDirectory directory;
  private volatile @Nullable BlockSide blockSide;
  private volatile @Nullable Compactor compactor;

  @GuardedBy("this")
  private boolean closing;

  /**
   * @param end completed with the reason when the node comes to an end by itself
   */
  Node(NodeConfig config, CompletableFuture<ReplicaFailure> end) {
    this.config = config;
    this.end = end;
    this.status = new NodeStatus(config, clock);
  }

  /**
   * Starts everything; returns when the node serves, mount included.
   *
   * @throws DamagedException its metadata must not be used again: started anew, it joins again
   */
  void start() throws Refusal, DamagedException {
    DataDirectory data = parts.add("data directory", Metadata.lock(config.dataDirectory()));
    Path mount = config.mount();
    if (mount != null) {
      MountPoint.check(mount, config.dataDirectory());
    }
    Listening.checkFree(config.raft().listen(), "raft.listen");
    parts.add("status endpoint", StatusServer.start(config.status(), status));
    AdminServer admin = parts.add("admin channel", AdminServer.open(config.dataDirectory()));
    Metadata metadata = new Metadata(config, clock);
    new Rejoin(config, metadata.replicaConfig(null), data, clock).ifNeeded();
    Protection protection = Protection.of(data, config);

    NetThreads threads = parts.add("network threads", new NetThreads("net", IO_THREADS));
    status.countNetwork(threads::directBytesHeld);
    ScheduledExecutorService scheduler =
        parts.add("scheduler", new Workers("timer", SCHEDULER_THREADS)).scheduler();
    Connections connections = connections(threads, protection);
    LateService control = new LateService();
    LateService blocks = new LateService();
    listen(threads, config.control(), protection.control(), control, "control.listen");
    listen(threads, config.blocks(), protection.peers(), blocks, "blocks.listen");

    ReplicaConfig names = metadata.replicaConfig(protection.security());
    MetadataReplica replica = replica(names, data, connections, scheduler);
    control.set(controlForMembers(replica.control()));
    Identity identity = metadata.start(replica, data);
    LOG.info("this is {} of volume {}", identity.node(), Long.toHexString(identity.volumeId()));
    endWith(replica);

    LocalDirectory local = new LocalDirectory(tables(replica));
    directory = local;
    Rejoin.takeOverBlocks(config, data);
    BlockSide side = blockSide(identity, local, connections, scheduler);
    blockSide = side;
    blocks.set(membersOnly(side.server, method -> false));
    side.start();

    ClusterSpace space = space(identity.node(), replica, local, side, connections);
    NodeReports reports = reports(replica, side, connections);
    LastSync lastSync = lastSync(identity.node(), tables(replica), connections);
    control.set(controlForMembers(new ControlRouter(replica.control(), space, reports, lastSync)));
    status.running(identity, replica, side, compactor(replica, side, space), space);
    adminCommands(identity.node(), replica, reports, lastSync).addTo(admin);
    new TokenCommands(config, replica, protection.security(), clock).addTo(admin);
    new VolumeCommands(replica.admin()).addTo(admin);
    blockCommands(identity.node(), replica, local, side).addTo(admin);
    new DiskCommands(side, mount, clock).addTo(admin);
    addLogCommands(admin, replica);
    keepLooking(
        space,
        replica,
        new CapacityReport(
            side.disks::capacityBytes,
            CapacityReport.Told.of(identity.node(), tables(replica), replica.admin()),
            config.diskOutAfter(),
            clock));

    if (mount != null) {
      MountedVolume mounted =
          MountedVolume.mount(config, replica, side.blocks, space, clock, scheduler, this::isOver);
      status.mounted(mounted);
      lastSync.mounted(mounted);
      parts.add("mount", mounted);
      admin.add("drain", new Drain(status, mounted));
      Watchdog.start(mount, config.watchdog()).ifPresent(dog -> parts.add("watchdog", dog));
    }
    status.serving();
    LOG.info("serving{}", mount == null ? "" : " at " + mount);
  }

  private MetadataReplica replica(
      ReplicaConfig names,
      DataDirectory data,
      Connections connections,
      ScheduledExecutorService scheduler)
      throws Refusal {
    long cacheBytes = config.budgets().metadataTables();
    RocksMemory memory = parts.add("table memory", new RocksMemory(cacheBytes, cacheBytes / 2));
    Surroundings around =
        new Surroundings(clock, scheduler, connections, memory, new SecureRandom());
    return parts.add("metadata", new MetadataReplica(names, around, data, this));
  }

  private Service controlForMembers(Service service) {
    return membersOnly(service, ControlMethods::isOpenToFormerMembers);
  }

  private Service membersOnly(Service service, IntPredicate openToFormer) {
    return new MembersOnly(service, openToFormer, this::hasLeft, new LimitedLog(LOG, clock));
  }

  private boolean hasLeft(NodeId node) {
    LocalDirectory known = directory;
    return known != null && known.hasLeft(node);
  }

  private synchronized boolean isOver() {
    return closing || end.isDone();
  }

  private void listen(
      NetThreads threads, Endpoint endpoint, @Nullable Tls tls, Service service, String key)
      throws Refusal {
    InetSocketAddress at = endpoint.listen().toSocketAddress();
    FrameServer.Limits limits = FrameServer.Limits.DEFAULT;
    try {
      parts.add(
          key,
          tls == null
              ? FrameServer.bind(threads, at, service, limits)
              : FrameServer.bind(threads, at, tls, service, limits));
    } catch (IOException e) {
      throw new Refusal(
          key + ": " + e.getMessage() + "; stop what uses it, or write another address.", e);
    }
  }

  private Connections connections(NetThreads threads, Protection protection) {
    return parts.add(
        "connections",
        new NettyConnections(threads, protection.peers(), NettyConnections.Limits.DEFAULT));
  }

  private LastSync lastSync(NodeId self, BlockTables tables, Connections connections) {
    Workers worker = parts.add("last sync", new Workers("last-sync", 1));
    return new LastSync(
        connections,
        worker.executor(),
        () -> tables.nodes().stream().anyMatch(node -> node.id().equals(self) && node.leaving()),
        LastSync.Times.DEFAULT,
        clock);
  }

  private void endWith(MetadataReplica replica) {
    var unused = replica.ended().thenAccept(end::complete);
  }

  private BlockSide blockSide(
      Identity identity,
      LocalDirectory local,
      Connections connections,
      ScheduledExecutorService scheduler)
      throws Refusal {
    return BlockSide.open(
        config, identity, local, connections, clock, scheduler, parts, this::endDamaged);
  }

  /** Blocks cannot be stored nor found here as it is; the next start makes a new store. */
  private void endDamaged(String trouble) {
    end.complete(new ReplicaFailure(ReplicaFailure.Kind.DAMAGED, trouble));
  }

  private NodeReports reports(MetadataReplica replica, BlockSide side, Connections connections)
      throws Refusal {
    return new NodeReports(
        replica,
        tables(replica),
        side.keeper,
        connections,
        parts.add("reports", new Workers("reports", 1)).executor());
  }

  private AdminCommands adminCommands(
      NodeId self, MetadataReplica replica, NodeReports reports, LastSync lastSync) throws Refusal {
    try {
      BlockTables tables = replica.blocks();
      NodeRemoval removal =
          new NodeRemoval(new LiveCluster(replica.admin(), tables, reports, lastSync), clock);
      return new AdminCommands(self, replica.admin(), tables, reports, removal);
    } catch (ErrnoException e) {
      throw new Refusal("The metadata stopped as soon as it had started; see the log.", e);
    }
  }

  private void addLogCommands(AdminServer server, MetadataReplica replica) {
    new HashCommands(replica, clock).addTo(server);
    new RoundCommands(replica, clock).addTo(server);
  }

  private BlockCommands blockCommands(
      NodeId self, MetadataReplica replica, LocalDirectory local, BlockSide side) throws Refusal {
    return new BlockCommands(
        new ScrubRequest(
            side, local, replica::localView, replica::hashTables, config.mount(), clock),
        new FsckRequest(self, tables(replica), local, side));
  }

  private static BlockTables tables(MetadataReplica replica) throws Refusal {
    try {
      return replica.blocks();
    } catch (ErrnoException e) {
      throw new Refusal("The metadata stopped as soon as it had started; see the log.", e);
    }
  }

  private ClusterSpace space(
      NodeId self,
      MetadataReplica replica,
      LocalDirectory local,
      BlockSide side,
      Connections connections)
      throws Refusal {
    BlockTables tables = tables(replica);
    String machine = machine();
    return new ClusterSpace(
        self,
        connections,
        () -> NodeStore.of(machine, side.disks.freeByDevice(), side.keeper.neededByGroup()),
        () -> new ClusterSpace.Members(control(tables), local.placement().groups()),
        () -> storedBytes(replica));
  }

  private static Map<NodeId, InetSocketAddress> control(BlockTables tables) {
    Map<NodeId, InetSocketAddress> control = new HashMap<>();
    for (ClusterView.Node member : tables.nodes()) {
      InetSocketAddress address = LocalDirectory.unresolved(member.control());
      if (address != null) {
        control.put(member.id(), address);
      }
    }
    return control;
  }

  private static long storedBytes(MetadataReplica replica) {
    try (MetadataView view = replica.localView()) {
      return view.stats().storedBytes();
    } catch (ErrnoException e) {
      return 0; // stopping
    }
  }

  /** The machine's boot, which tells its devices from those of other machines. */
  private static String machine() throws Refusal {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      throw new Refusal("Cannot tell which machine this is: " + e.getMessage() + ".", e);
    }
  }

  private Compactor compactor(MetadataReplica replica, BlockSide side, ClusterSpace space) {
    Workers worker = parts.add("compaction threads", new Workers("compaction", 1));
    Compactor made =
        parts.add(
            "compaction",
            new Compactor(
                replica.files(),
                () -> MountedVolume.session(replica, QuorumLoss.ERROR),
                side.blocks,
                space,
                clock,
                side.repairPace(clock.nanoTime())));
    made.start(worker.scheduler());
    compactor = made;
    Workers mover = parts.add("moving threads", new Workers("inline-mover", 1));
    parts
        .add(
            "moving of small data",
            new InlineMover(
                replica.inlineBlocks(),
                () -> MountedVolume.session(replica, QuorumLoss.ERROR),
                side.blocks,
                clock,
                InlineMover.Limits.DEFAULT))
        .start(mover.scheduler());
    return made;
  }

  private void keepLooking(ClusterSpace space, MetadataReplica replica, CapacityReport capacity) {
    Workers look = parts.add("look-out", new Workers("look-out", 2));
    var unused =
        look.scheduler()
            .scheduleWithFixedDelay(
                () -> lookAround(space, replica), 0, LOOK_SECONDS, TimeUnit.SECONDS);
    var unusedToo =
        look.scheduler()
            .scheduleWithFixedDelay(capacity::look, 0, CAPACITY_SECONDS, TimeUnit.SECONDS);
  }

  private void lookAround(ClusterSpace space, MetadataReplica replica) {
    try {
      space.refresh();
      status.lookAround(replica);
    } catch (RuntimeException e) {
      LOG.warn("cannot look at the node's own state", e);
    }
  }

  @Override
  public void onReset() {
    LocalDirectory known = directory;
    BlockSide side = blockSide;
    if (known != null) {
      known.placementChanged();
      known.dropped();
    }
    if (side != null) {
      side.keeper.reset();
      side.collector.sweepSoon();
    }
  }

  @Override
  public boolean holds(BlockId block, int length, int crc32c) {
    BlockSide side = blockSide;
    return side != null && side.holdings.has(block, length, crc32c);
  }

  @Override
  public void onHeld() {
    BlockSide side = blockSide;
    if (side != null) {
      side.holdings.committed();
    }
  }

  @Override
  public void onNeeded() {
    LocalDirectory known = directory;
    if (known != null) {
      known.needed();
    }
  }

  @Override
  public void onDropped() {
    LocalDirectory known = directory;
    if (known != null) {
      known.dropped();
    }
  }

  @Override
  public void onReplaced(Set<InodeId> files) {
    Compactor known = compactor;
    if (known != null) {
      known.replaced(files);
    }
  }

  @Override
  public void onPlacement() {
    LocalDirectory known = directory;
    if (known != null) {
      known.placementChanged();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closing = true;
    }
    status.stopping();
    parts.close();
  }
}
