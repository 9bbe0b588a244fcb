package io.pandofs.tools.dev;

import io.pandofs.common.config.HostPort;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Identity;
import io.pandofs.mount.fuse.MountPointCheck;
import io.pandofs.mount.fuse.MountTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Where one node of a dev cluster keeps its things.
 *
 * @param number 1 for n1
 * @param directory DIR/n1
 */
record DevNode(int number, Path directory, NodePorts ports) {
  private static final String LOOPBACK = "127.0.0.1";

  String name() {
    return "n" + number;
  }

  Path config() {
    return directory.resolve("pando.toml");
  }

  Path data() {
    return directory.resolve("data");
  }

  Path mount() {
    return directory.resolve("mnt");
  }

  Path log() {
    return directory.resolve("node.log");
  }

  private Path pidFile() {
    return directory.resolve("pid");
  }

  HostPort control() {
    return new HostPort(LOOPBACK, ports.control());
  }

  HostPort raft() {
    return new HostPort(LOOPBACK, ports.raft());
  }

  HostPort blocks() {
    return new HostPort(LOOPBACK, ports.blocks());
  }

  HostPort status() {
    return new HostPort(LOOPBACK, ports.status());
  }

  /** The process that was started last; empty when there is none on record. */
  Optional<ProcessRef> process() throws IOException {
    return Files.exists(pidFile())
        ? ProcessRef.parse(Files.readString(pidFile()))
        : Optional.empty();
  }

  /** What that process is doing. */
  ProcessRef.State state() throws IOException {
    return process().map(ProcessRef::state).orElse(ProcessRef.State.GONE);
  }

  void remember(ProcessRef process) throws IOException {
    Path fresh = directory.resolve("pid.new");
    Files.writeString(fresh, process.toText());
    Files.move(fresh, pidFile(), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Whether something is mounted at its mount point, dead or alive; touches no mount. */
  boolean isMounted() throws IOException {
    return Files.isDirectory(directory)
        && MountTable.at(directory.toRealPath().resolve("mnt")).isPresent();
  }

  /** Takes away whatever is mounted there; only when the node does not run. */
  void detach() throws IOException {
    while (isMounted()) {
      MountPointCheck.detach(directory.toRealPath().resolve("mnt"));
    }
  }

  /** Whether it has been a node before; false when it is new or its data directory was emptied. */
  boolean hasData() {
    return Files.exists(data().resolve("identity").resolve("node.properties"));
  }

  /** Who it is by its data directory; empty when it is new, or when that cannot be read. */
  Optional<Identity> identity() {
    try {
      return DataDirectory.peek(data());
    } catch (IOException e) {
      // Whoever starts it is told what is the matter with it.
      LoggerFactory.getLogger(DevNode.class).info("{} cannot be told who it is", name(), e);
      return Optional.empty();
    }
  }

  /** The last lines of the log, for a person who asks why. */
  List<String> lastLogLines(int count) throws IOException {
    if (!Files.exists(log())) {
      return List.of();
    }
    List<String> lines =
        new String(Files.readAllBytes(log()), StandardCharsets.UTF_8).lines().toList();
    return lines.subList(Math.max(0, lines.size() - count), lines.size());
  }
}
