package io.pandofs.tools.dev;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.config.TransportName;
import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The operations of {@code pando dev} on one cluster. Not thread-safe; several commands at once on
 * one directory are fine.
 */
public final class DevCluster {
  private static final int DEFAULT_NODES = 3;
  private static final int NODES_MAX = 9;
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(40);
  private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(35);
  private static final Duration KILL_PATIENCE = Duration.ofSeconds(10);

  private final DevDirectory directory;
  private final NodeLauncher launcher;
  private final FreePorts ports;
  private final Readiness readiness;

  /**
   * @param launcher the {@code pando} script that runs a node
   * @param patience how long {@code up} and {@code start} wait for nodes to serve
   */
  public DevCluster(
      Path root, Path launcher, Clock clock, RandomGenerator random, Duration patience) {
    this.directory = new DevDirectory(root);
    this.launcher = new NodeLauncher(launcher, directory);
    this.ports = new FreePorts(random);
    this.readiness = new Readiness(clock, patience);
  }

  /**
   * Makes the cluster if it is new, starts what does not run, and waits until all are mounted, but
   * for nodes that were removed from it.
   *
   * @param transport of nodes that are new
   */
  public void up(@Nullable Integer wanted, TransportName transport)
      throws Refusal, IOException, InterruptedException {
    int present = directory.exists() ? directory.nodes().size() : 0;
    int count = wanted != null ? wanted : present > 0 ? present : DEFAULT_NODES;
    if (count < 1 || count > NODES_MAX) {
      throw Refusal.ofUsage("A dev cluster has 1 to " + NODES_MAX + " nodes, not " + count + ".");
    }
    if (count < present) {
      throw new Refusal(
          directory.root()
              + " has "
              + present
              + " nodes already and nodes cannot be taken away"
              + " yet; say --nodes "
              + present
              + ".");
    }
    List<DevNode> nodes = directory.grow(count, ports);
    List<DevNode> old = nodes.stream().filter(DevNode::hasData).toList();
    startOld(old, nodes, transport);
    for (DevNode node : nodes) {
      if (!old.contains(node)) {
        startAndWait(node, nodes, transport);
      }
    }
    for (DevNode node : nodes) {
      launcher.configure(node, nodes, transport); // the founder's file now says join
    }
  }

  /**
   * Nodes that are members already need each other, so they start together. One may learn only now
   * that it was removed while it was down.
   */
  private void startOld(List<DevNode> old, List<DevNode> all, TransportName transport)
      throws Refusal, IOException, InterruptedException {
    Membership membership = Membership.ask(old);
    List<DevNode> members = old.stream().filter(node -> !membership.isRemoved(node)).toList();
    for (DevNode node : members) {
      resumeIfPaused(node);
      launcher.start(node, all, transport);
    }
    readiness.awaitMembers(members);
  }

  private void startAndWait(DevNode node, List<DevNode> all, TransportName transport)
      throws Refusal, IOException, InterruptedException {
    launcher.start(node, all, transport);
    readiness.await(List.of(node));
  }

  /** The first node's: new ones are to be like it. */
  private TransportName transport() throws Refusal, IOException {
    try {
      return NodeConfig.load(directory.node(1).config()).transport();
    } catch (ConfigException e) {
      throw new Refusal(String.valueOf(e.getMessage()), e);
    }
  }

  /** One node more; returns its mount point. */
  public Path add() throws Refusal, IOException, InterruptedException {
    int present = directory.nodes().size();
    if (present == NODES_MAX) {
      throw new Refusal("A dev cluster has at most " + NODES_MAX + " nodes.");
    }
    List<DevNode> nodes = directory.grow(present + 1, ports);
    DevNode added = nodes.get(present);
    startAndWait(added, nodes, transport());
    return added.mount();
  }

  /** Starts one node and waits until it serves. */
  public void start(int number) throws Refusal, IOException, InterruptedException {
    DevNode node = directory.node(number);
    Files.createDirectories(node.data());
    startAndWait(node, directory.nodes(), transport());
  }

  /** SIGTERM, and waits for the clean end. */
  public void stop(int number) throws Refusal, IOException, InterruptedException {
    DevNode node = directory.node(number);
    if (!end(node, STOP_PATIENCE)) {
      throw new Refusal(
          node.name()
              + " has not stopped in "
              + STOP_PATIENCE.toSeconds()
              + " s; see "
              + node.log()
              + ", or use: pando dev kill "
              + number);
    }
  }

  private static boolean end(DevNode node, Duration patience)
      throws Refusal, IOException, InterruptedException {
    if (node.process().isEmpty()) {
      return true;
    }
    ProcessRef process = node.process().get();
    Signals.send(process, "TERM");
    Signals.send(process, "CONT");
    return Signals.awaitEnd(process, patience);
  }

  /** SIGKILL: what a crash of that machine's daemon looks like. */
  public void kill(int number) throws Refusal, IOException, InterruptedException {
    kill(directory.node(number));
  }

  private static void kill(DevNode node) throws Refusal, IOException, InterruptedException {
    if (node.process().isPresent()) {
      ProcessRef process = node.process().get();
      Signals.send(process, "KILL");
      if (!Signals.awaitEnd(process, KILL_PATIENCE)) {
        throw new Refusal(
            node.name()
                + " (process "
                + process.pid()
                + ") survived SIGKILL; it waits in the"
                + " kernel, see /proc/"
                + process.pid()
                + "/stack.");
      }
    }
  }

  /** SIGSTOP: the node stands still, its mount with it. */
  public void pause(int number) throws Refusal, IOException, InterruptedException {
    DevNode node = directory.node(number);
    if (node.state() == ProcessRef.State.GONE) {
      throw new Refusal(node.name() + " does not run; start it with: pando dev start " + number);
    }
    Signals.send(node.process().orElseThrow(), "STOP");
  }

  /** SIGCONT. */
  public void resume(int number) throws Refusal, IOException, InterruptedException {
    resumeIfPaused(directory.node(number));
  }

  private static void resumeIfPaused(DevNode node)
      throws Refusal, IOException, InterruptedException {
    if (node.process().isPresent()) {
      Signals.send(node.process().get(), "CONT");
    }
  }

  /** Stops all nodes and unmounts; data stays. Nodes that do not stop are killed. */
  public void down() throws Refusal, IOException, InterruptedException {
    List<DevNode> nodes = directory.nodes();
    for (DevNode node : nodes) {
      resumeIfPaused(node);
    }
    drain(nodes);
    for (DevNode node : nodes) {
      if (node.process().isPresent()) {
        Signals.send(node.process().get(), "TERM");
      }
    }
    for (DevNode node : nodes) {
      if (!end(node, STOP_PATIENCE)) {
        kill(node);
      }
      node.detach();
    }
  }

  /** Unmounts everywhere while there is still a quorum that can take what was not yet synced. */
  private static void drain(List<DevNode> nodes) throws IOException, InterruptedException {
    List<Thread> drains = new ArrayList<>();
    for (DevNode node : nodes) {
      if (node.state() == ProcessRef.State.RUNNING) {
        Thread drain = new Thread(() -> drain(node), "drain-" + node.name());
        drain.start();
        drains.add(drain);
      }
    }
    for (Thread drain : drains) {
      drain.join();
    }
  }

  private static void drain(DevNode node) {
    try {
      new AdminClient(node.data()).call("drain", Map.of(), DRAIN_PATIENCE);
    } catch (Refusal e) {
      // Such a node is told by SIGTERM next, and killed if that does not help either.
      org.slf4j.LoggerFactory.getLogger(DevCluster.class).info("no drain of {}", node.name(), e);
    }
  }

  /** Stops all and deletes the directory. */
  public void destroy() throws Refusal, IOException, InterruptedException {
    down();
    for (DevNode node : directory.nodes()) {
      if (node.isMounted()) {
        throw new Refusal(node.mount() + " is still mounted; nothing was deleted.");
      }
    }
    // The marker goes last, so that an interrupted destroy can be repeated.
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.root())) {
      for (Path entry : entries) {
        if (!entry.equals(directory.marker())) {
          DurableFiles.deleteTree(entry);
        }
      }
    }
    DurableFiles.deleteTree(directory.root());
  }

  /** The mount points of the nodes that were not removed, in order of nodes. */
  public List<Path> mounts() throws Refusal, IOException {
    List<DevNode> nodes = directory.nodes();
    Membership membership = Membership.ask(nodes);
    return nodes.stream().filter(node -> !membership.isRemoved(node)).map(DevNode::mount).toList();
  }

  /** What the nodes say of themselves. */
  public DevStatus status(boolean withHashes) throws Refusal, IOException {
    return DevStatus.collect(directory, withHashes);
  }
}
