package io.pandofs.tools.dev;

import io.pandofs.common.config.TransportName;
import io.pandofs.tools.setup.NodeProcess;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Starts node processes in sessions of their own, so that they outlive the command and its
 * terminal. Their output goes to the node's log.
 *
 * <p>One start at a time in a directory, by a lock file: two commands cannot start a node twice.
 */
final class NodeLauncher {
  private final Path launcher;
  private final DevDirectory directory;

  /**
   * @param launcher the {@code pando} script
   */
  NodeLauncher(Path launcher, DevDirectory directory) {
    this.launcher = launcher;
    this.directory = directory;
  }

  /** Starts the node unless it runs; its configuration is written if it has none. */
  void start(DevNode node, List<DevNode> all, TransportName transport) throws IOException {
    Path lockFile = directory.root().resolve("lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      if (!lock.isValid() || node.state() != ProcessRef.State.GONE) {
        return;
      }
      configure(node, all, transport);
      node.remember(spawn(node));
    }
  }

  /**
   * Writes the configuration of a new node. The first node starts the cluster; as soon as another
   * node has data it is told to join like the rest, or emptying its data directory would start a
   * second cluster.
   */
  void configure(DevNode node, List<DevNode> all, TransportName transport) throws IOException {
    List<DevNode> others = all.stream().filter(other -> other.number() != node.number()).toList();
    boolean founder = node.number() == 1 && others.stream().noneMatch(DevNode::hasData);
    boolean fresh = !Files.exists(node.config());
    if (fresh && founder) {
      Files.writeString(node.config(), NodeToml.bootstrap(node, transport));
    } else if (fresh) {
      Files.writeString(node.config(), NodeToml.join(node, others, transport));
    } else if (!founder) {
      joinFromNowOn(node, others);
    }
  }

  /**
   * With the transport that it has: it may have been founded with another one than is meant now.
   */
  private static void joinFromNowOn(DevNode node, List<DevNode> others) throws IOException {
    String present = Files.readString(node.config());
    for (TransportName transport : TransportName.values()) {
      if (present.equals(NodeToml.bootstrap(node, transport))) {
        Files.writeString(node.config(), NodeToml.join(node, others, transport));
      }
    }
  }

  private ProcessRef spawn(DevNode node) throws IOException {
    Process process =
        NodeProcess.detached(launcher, node.config(), node.log())
            .directory(directory.root().toFile())
            .start();
    return ProcessRef.of(process.pid());
  }
}
