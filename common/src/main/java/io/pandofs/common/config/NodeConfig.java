package io.pandofs.common.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;

/**
 * Everything a node is told, checked. Whether directories exist and ports are free is found out by
 * who uses them.
 *
 * @param file where it was read from; for messages
 * @param name for people; identity is the node's id
 * @param mount null for a node without a mount
 * @param transport how the mount talks to FUSE
 * @param mountFlags what the mount allows
 * @param disks directories for blocks, each on a disk of its own; empty for one in the data
 *     directory
 * @param watchdog how long the daemon may be stopped before its mount is ended; zero for ever
 * @param nodeOutAfter how long a node may be silent, while this one leads, before others hold its
 *     blocks; zero for ever
 * @param syncOnClose whether close(2) waits until the file's data is committed
 */
public record NodeConfig(
    Path file,
    String name,
    Path dataDirectory,
    @Nullable Path mount,
    TransportName transport,
    MountFlags mountFlags,
    ClusterConfig cluster,
    Endpoint control,
    Endpoint raft,
    Endpoint blocks,
    List<Path> disks,
    HostPort status,
    RaftTimeouts raftTimeouts,
    QuorumLoss quorumLoss,
    Duration watchdog,
    Duration nodeOutAfter,
    boolean syncOnClose,
    Budgets budgets,
    LogSettings log,
    Upkeep upkeep) {
  public NodeConfig {
    disks = List.copyOf(disks);
  }

  public static final int CONTROL_PORT = 7440;
  public static final int RAFT_PORT = 7441;
  public static final int BLOCKS_PORT = 7442;
  public static final int STATUS_PORT = 7443;

  private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(30);
  private static final Duration PATIENCE_MAX = Duration.ofHours(1);
  private static final Duration DEFAULT_WATCHDOG = Duration.ofSeconds(60);
  private static final Duration DEFAULT_OUT_AFTER = Duration.ofMinutes(10);

  /** More than a restart takes the group to notice. */
  private static final Duration OUT_AFTER_MIN = Duration.ofSeconds(5);

  private static final String WAIT = "wait:";

  static final Set<String> KEYS =
      Set.of(
          "name",
          "data_dir",
          "mount",
          "transport",
          "mount_options",
          "quorum_loss",
          "watchdog",
          "node_out_after",
          "sync_on_close",
          "cluster.bootstrap",
          "cluster.join",
          "control.listen",
          "control.advertise",
          "raft.listen",
          "raft.advertise",
          "raft.timeout_min",
          "raft.timeout_max",
          "blocks.listen",
          "blocks.advertise",
          "blocks.disks",
          "status.listen",
          "budget.write_buffer",
          "budget.block_puts",
          "budget.read_cache",
          "budget.metadata_tables",
          "budget.block_tables",
          "log.checkpoint_bytes",
          "log.checkpoint_entries",
          "log.checkpoint_every",
          "log.keep_entries",
          "log.segment_bytes",
          "repair.bytes_per_second",
          "scrub.bytes_per_second",
          "scrub.every");

  /** Reads and checks a file. */
  public static NodeConfig load(Path file) throws ConfigException {
    try {
      return parse(file, Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new ConfigException("There is no configuration file " + file + ".", e);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + file + ": " + e.getMessage() + ".", e);
    }
  }

  /** Checks a text; {@code file} is for messages, and relative paths start from its directory. */
  public static NodeConfig parse(Path file, String text) throws ConfigException {
    ConfigTable table = new ConfigTable(file, Toml.parse(text));
    table.allowOnly(KEYS);
    Path data = directory(file, table.required("data_dir"));
    String mount = table.text("mount");
    return new NodeConfig(
        file,
        name(table),
        data,
        mount == null ? null : mountPoint(table, directory(file, mount), data),
        transport(table),
        mountFlags(table),
        ClusterConfig.read(table),
        Endpoint.read(table, "control", CONTROL_PORT),
        Endpoint.read(table, "raft", RAFT_PORT),
        Endpoint.read(table, "blocks", BLOCKS_PORT),
        disks(table, file, mount),
        status(table),
        RaftTimeouts.read(table),
        quorumLoss(table),
        watchdog(table),
        nodeOutAfter(table),
        table.flag("sync_on_close"),
        Budgets.read(table),
        LogSettings.read(table),
        Upkeep.read(table));
  }

  private static Path directory(Path file, String text) {
    return file.toAbsolutePath().resolveSibling(text).normalize();
  }

  private static List<Path> disks(ConfigTable table, Path file, @Nullable String mount)
      throws ConfigException {
    List<Path> disks = table.directories("blocks.disks", file);
    for (int i = 0; i < disks.size(); i++) {
      Path disk = disks.get(i);
      if (mount != null && disk.startsWith(directory(file, mount))) {
        throw table.failure("blocks.disks", disk + " is within the mount");
      }
      for (Path other : disks.subList(0, i)) {
        if (disk.startsWith(other) || other.startsWith(disk)) {
          throw table.failure("blocks.disks", disk + " and " + other + " overlap");
        }
      }
    }
    return disks;
  }

  private static Path mountPoint(ConfigTable table, Path mount, Path data) throws ConfigException {
    if (mount.startsWith(data) || data.startsWith(mount)) {
      throw table.failure(
          "mount",
          "must lie apart from data_dir " + data + ", or Pando would store itself in itself");
    }
    return mount;
  }

  private static String name(ConfigTable table) throws ConfigException {
    String name = table.text("name");
    if (name == null) {
      return machineName();
    }
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
      throw table.failure("name", "must be 1 to 63 letters, digits, dots or dashes");
    }
    return name;
  }

  /**
   * How long this node's disks may have less room than before, as one has failed, until that is
   * told to the others: as long as a whole node may be away. Where a node is never taken for out,
   * the usual time: a disk that was taken away must count as gone some day.
   */
  public Duration diskOutAfter() {
    return nodeOutAfter.isZero() ? DEFAULT_OUT_AFTER : nodeOutAfter;
  }

  /** The machine's own name, or localhost when it does not know one. */
  public static String machineName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static TransportName transport(ConfigTable table) throws ConfigException {
    try {
      return TransportName.of(table.text("transport", TransportName.DIRECT.text()));
    } catch (IllegalArgumentException e) {
      throw table.failure("transport", String.valueOf(e.getMessage()));
    }
  }

  private static MountFlags mountFlags(ConfigTable table) throws ConfigException {
    try {
      return MountFlags.of(table.text("mount_options", ""));
    } catch (IllegalArgumentException e) {
      throw table.failure("mount_options", String.valueOf(e.getMessage()));
    }
  }

  private static HostPort status(ConfigTable table) throws ConfigException {
    HostPort status = table.address("status.listen", new HostPort("127.0.0.1", STATUS_PORT));
    if (!status.host().matches("127\\.[0-9.]+|::1|localhost")) {
      throw table.failure("status.listen", "must be a loopback address such as 127.0.0.1:7443");
    }
    return status;
  }

  private static Duration watchdog(ConfigTable table) throws ConfigException {
    String value = table.text("watchdog");
    return value == null ? DEFAULT_WATCHDOG : table.duration("watchdog", value);
  }

  private static Duration nodeOutAfter(ConfigTable table) throws ConfigException {
    Duration silence = table.duration("node_out_after", DEFAULT_OUT_AFTER);
    if (!silence.isZero() && silence.compareTo(OUT_AFTER_MIN) < 0) {
      throw table.failure("node_out_after", "must be at least 5s, or 0s for never");
    }
    return silence;
  }

  private static QuorumLoss quorumLoss(ConfigTable table) throws ConfigException {
    String value = table.text("quorum_loss");
    if (value == null) {
      return QuorumLoss.waiting(DEFAULT_PATIENCE);
    }
    if (value.equals("error")) {
      return QuorumLoss.ERROR;
    }
    if (value.startsWith(WAIT)) {
      Duration limit = table.duration("quorum_loss", value.substring(WAIT.length()));
      if (limit.compareTo(PATIENCE_MAX) > 0) {
        throw table.failure(
            "quorum_loss", "must be at most wait:1h, as who waits may not be ended before that");
      }
      return QuorumLoss.waiting(limit);
    }
    if (value.equals("read-only")) {
      return QuorumLoss.READ_ONLY;
    }
    throw table.failure(
        "quorum_loss",
        "'" + value + "' is not known; write \"wait:30s\", \"error\" or \"read-only\"");
  }
}
