package io.pandofs.tools.node;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.replication.Keeper;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.common.config.Budgets;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.config.TransportName;
import io.pandofs.common.net.FrameServer;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.StoreException;
import io.pandofs.meta.raft.Identity;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.meta.raft.ReplicaStatus;
import io.pandofs.mount.compaction.Compactor;
import io.pandofs.mount.fuse.direct.DirectTransport;
import io.pandofs.mount.vfs.Capacity;
import io.pandofs.tools.space.ClusterSpace;
import io.pandofs.tools.space.OneCopy;
import io.pandofs.tools.status.StatusSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What a node tells of itself. Thread-safe; a node that is still starting tells less. */
final class NodeStatus implements StatusSource {
  /** That of control and that of blocks. */
  private static final int FRAME_SERVERS = 2;

  private final NodeConfig config;
  private final Health health;
  private volatile String phase = "starting";
  private volatile @Nullable Running running;
  private volatile @Nullable MountedVolume mount;
  private volatile LongSupplier networkBytes = () -> 0;

  /** What there is once the node is a member. */
  private record Running(
      Identity identity,
      MetadataReplica replica,
      BlockSide side,
      Compactor files,
      ClusterSpace space) {}

  NodeStatus(NodeConfig config, Clock clock) {
    this.config = config;
    this.health = new Health(clock);
  }

  void countNetwork(LongSupplier directBytes) {
    networkBytes = directBytes;
  }

  void running(
      Identity identity,
      MetadataReplica replica,
      BlockSide side,
      Compactor files,
      ClusterSpace space) {
    running = new Running(identity, replica, side, files, space);
  }

  void mounted(MountedVolume volume) {
    mount = volume;
  }

  void serving() {
    phase = "serving";
  }

  void stopping() {
    phase = "stopping";
  }

  /** Follows how long things have been wrong; called every few seconds. */
  void lookAround(MetadataReplica replica) {
    Running now = running;
    if (now != null) {
      try {
        health.look(replica.status(), now.side().keeper.progress().blocks(), now.space());
      } catch (ErrnoException e) {
        health.stopped();
      }
    }
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>(health.problems());
    Running now = running;
    if (now != null) {
      problems.addAll(now.side().disks.problems());
    }
    MountedVolume volume = mount;
    if (volume != null && phase.equals("serving") && !volume.isMounted()) {
      problems.add("the mount at " + volume.place() + " was taken away; restart the node");
    }
    if (volume != null && !volume.state().sentence().isEmpty()) {
      problems.add(volume.state().sentence());
    }
    return problems;
  }

  @Override
  public boolean healthy() {
    return phase.equals("serving") && problems().isEmpty();
  }

  @Override
  public Map<String, @Nullable Object> status() {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    List<String> problems = problems();
    document.put("version", Version.text());
    document.put("name", config.name());
    document.put("state", state(problems));
    document.put("degraded", problems);
    Running now = running;
    if (now != null) {
      document.put("id", now.identity().node().toString());
      document.put("volume", Long.toHexString(now.identity().volumeId()));
      metadata(now, document);
      blocks(now, document);
      document.put("space", space(now));
    }
    document.put("mount", mount());
    document.put("budgets", budgets(config));
    document.put("memory", ProcessMemory.read(networkBytes.getAsLong()));
    return document;
  }

  private String state(List<String> problems) {
    if (!phase.equals("serving")) {
      return phase;
    }
    return problems.isEmpty() ? "ok" : "degraded";
  }

  private static void metadata(Running now, Map<String, @Nullable Object> document) {
    try {
      ReplicaStatus replica = now.replica().status();
      List<ClusterView.Node> members = now.replica().blocks().nodes();
      Map<String, @Nullable Object> raft = new LinkedHashMap<>();
      raft.put("role", replica.role().toLowerCase(java.util.Locale.ROOT));
      raft.put("leader", name(members, replica.leader()));
      raft.put("term", replica.term());
      raft.put("committed", replica.committed());
      raft.put("applied", replica.applied());
      raft.put("checkpoint", replica.checkpoint());
      raft.put("log_stands_millis", replica.logStandsMillis());
      raft.put("failure", replica.failure());
      raft.put("sessions", replica.sessions());
      raft.put("renewed", replica.renewed());
      raft.put("clock_ahead_millis", replica.clockAheadMillis());
      document.put("raft", raft);
      document.put("reads", reads(replica.reads()));
      document.put("peers", peers(now, replica, members));
      document.put(
          "notes",
          replica.voters().size() == 2
              ? List.of(
                  "two nodes vote: nothing is lost if one dies, but work stops until it is back")
              : List.of());
    } catch (ErrnoException | IllegalStateException | StoreException e) {
      // Stopped, or between closing its tables and opening them again.
      document.put("raft", Map.of("role", "stopped"));
    }
  }

  private static Map<String, @Nullable Object> reads(ReplicaStatus.Reads counts) {
    Map<String, @Nullable Object> reads = new LinkedHashMap<>();
    reads.put("fresh", counts.fresh());
    reads.put("released", counts.released());
    reads.put("local", counts.local());
    reads.put("asked", counts.asked());
    reads.put("waited", counts.waited());
    reads.put("leases_lost", counts.lost());
    return reads;
  }

  private static @Nullable String name(List<ClusterView.Node> members, @Nullable NodeId id) {
    return members.stream()
        .filter(member -> member.id().equals(id))
        .map(ClusterView.Node::name)
        .findFirst()
        .orElse(null);
  }

  private static List<Map<String, @Nullable Object>> peers(
      Running now, ReplicaStatus replica, List<ClusterView.Node> members) {
    Set<NodeId> silent = now.space().silent();
    List<Map<String, @Nullable Object>> peers = new ArrayList<>();
    for (ClusterView.Node member : members) {
      Map<String, @Nullable Object> peer = new LinkedHashMap<>();
      peer.put("id", member.id().toString());
      peer.put("name", member.name());
      peer.put("control", member.control());
      peer.put("raft", member.raft());
      peer.put("blocks", member.blocks());
      peer.put("drained", member.leaving());
      peer.put("out", member.out());
      peer.put("voter", replica.voters().contains(member.id()));
      peer.put("answers", !silent.contains(member.id()));
      peers.add(peer);
    }
    return peers;
  }

  private static void blocks(Running now, Map<String, @Nullable Object> document) {
    try {
      document.put("blocks", blocks(now.side(), now.files(), now.space().oneCopy()));
    } catch (IllegalStateException | StoreException e) {
      // Stopping: what there is to fetch cannot be told without the tables, as in metadata().
      document.put("blocks", Map.of());
    }
  }

  private static Map<String, @Nullable Object> blocks(
      BlockSide side, Compactor files, OneCopy single) {
    Keeper.Progress progress = side.keeper.progress();
    LocalBlocks.Usage usage = side.local.usage();
    Map<String, @Nullable Object> blocks = new LinkedHashMap<>();
    blocks.put("stored_blocks", usage.blocks());
    blocks.put("stored_bytes", usage.usedBytes());
    blocks.put("free_bytes", usage.freeBytes());
    blocks.put("need_blocks", progress.blocks());
    blocks.put("need_bytes", progress.bytes());
    blocks.put("need_rate_bytes", progress.bytesPerSecond());
    blocks.put("need_eta_seconds", progress.etaSeconds());
    blocks.put("one_copy_blocks_max", single.blocks());
    blocks.put("one_copy_groups_unknown", single.unknownGroups());
    blocks.put("round_blocks", progress.roundBlocks());
    blocks.put("round_bytes", progress.roundBytes());
    blocks.put("fetched_blocks", progress.fetchedBlocks());
    blocks.put("fetched_bytes", progress.fetchedBytes());
    blocks.put("deleted_blocks", side.collector.deletedBlocks());
    blocks.put("compacted_bytes", files.movedBytes());
    blocks.put("scrub", ScrubRequest.document(side));
    blocks.put("disks", side.disks.document());
    return blocks;
  }

  private static Map<String, @Nullable Object> space(Running now) {
    Capacity.Space usable = now.space().space();
    Map<String, @Nullable Object> space = new LinkedHashMap<>();
    space.put("usable_bytes", usable.totalBytes());
    space.put("usable_free_bytes", usable.freeBytes());
    return space;
  }

  private Map<String, @Nullable Object> mount() {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    MountedVolume volume = mount;
    if (volume == null) {
      document.put("state", config.mount() == null ? "none" : "waiting");
    } else {
      document.put("state", volume.isMounted() ? "mounted" : "unmounted");
      document.put("path", volume.place().toString());
      document.put("quorum", volume.state().word());
      document.put("dirty_bytes", volume.memory().dirtyBytes());
      document.put("lost_files", volume.lostFiles());
      document.put("cache_bytes", volume.memory().cacheBytes());
    }
    return document;
  }

  /** In bytes, each of a part of its own; but {@code direct_memory} is for several together. */
  private static Map<String, @Nullable Object> budgets(NodeConfig config) {
    Budgets budgets = config.budgets();
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("heap", Runtime.getRuntime().maxMemory());
    document.put("direct_memory", DirectMemory.limitBytes());
    document.put("write_buffer", budgets.writeBuffer());
    document.put("block_puts", budgets.blockPuts());
    document.put("read_cache", budgets.readCache());
    document.put("single_blocks", Budgets.SINGLE_BLOCKS);
    document.put("metadata_tables", budgets.metadataTables());
    document.put("block_tables", budgets.blockTables());
    document.put("served_requests", FRAME_SERVERS * FrameServer.Limits.DEFAULT.bytesTotal());
    document.put("served_reads", BlockSide.SERVED_READS_BYTES_MAX);
    if (config.transport() == TransportName.DIRECT) {
      document.put("kernel_requests", DirectTransport.REQUEST_BYTES_MAX);
    }
    return document;
  }
}
