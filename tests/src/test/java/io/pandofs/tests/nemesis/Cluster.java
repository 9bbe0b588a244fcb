package io.pandofs.tests.nemesis;

import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A cluster of node processes inside the namespaces of the kit: see {@code tests/kit}, which makes
 * them. Used by one thread, but for {@link #node}.
 */
public final class Cluster implements AutoCloseable {
  private static final Duration UP = Duration.ofMinutes(5);
  private static final long LOOK_MILLIS = 50;
  private static final Clock CLOCK = new SystemClock();

  private final List<ClusterNode> nodes = new ArrayList<>();
  private final Network network;
  private final Relay relay;

  /**
   * How to make it.
   *
   * @param disks each node's data on an ext4 of its own
   * @param relayed through relays, so that it can be slow
   * @param settings of every node's configuration: key to text
   * @param environment NAME=VALUE for every node's process
   */
  public record Shape(
      int nodes,
      boolean disks,
      boolean relayed,
      Map<String, String> settings,
      List<String> environment) {}

  /** Who leads, as the nodes themselves say; node 0 when nobody does. */
  public record Leader(int node, long term) {}

  private Cluster(Network network, Relay relay) {
    this.network = network;
    this.relay = relay;
  }

  /** A new cluster with certificates in {@code directory}, all mounted. */
  public static Cluster up(Path directory, Shape shape) throws IOException, InterruptedException {
    Network network = Network.make(shape.nodes(), shape.relayed(), directory);
    Cluster cluster = new Cluster(network, shape.relayed() ? Relay.start(network) : null);
    try {
      cluster.start(directory, shape);
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  private void start(Path directory, Shape shape) throws IOException, InterruptedException {
    for (int i = 1; i <= shape.nodes(); i++) {
      Path own = java.nio.file.Files.createDirectories(directory.resolve("n" + i));
      Disk disk = shape.disks() ? Disk.make(own.resolve("image"), own.resolve("disk")) : null;
      ClusterNode node = new ClusterNode(i, own, disk, shape.environment());
      nodes.add(node);
      if (i == 1) {
        node.init(shape.settings());
      } else {
        node.join(node(1), shape.settings());
      }
      startFirst(node);
    }
  }

  /** A node that cannot join in time (a busy machine) ends; whoever runs it starts it again. */
  private void startFirst(ClusterNode node) throws IOException, InterruptedException {
    String wrong =
        await(
            UP,
            () -> {
              if (!node.isAlive()) {
                node.start();
              }
              return complaints(List.of(node));
            },
            String::isEmpty);
    if (!wrong.isEmpty()) {
      throw new IllegalStateException("the cluster does not start: " + wrong);
    }
  }

  public List<ClusterNode> nodes() {
    return nodes;
  }

  /** Node N, from 1. */
  public ClusterNode node(int number) {
    return nodes.get(number - 1);
  }

  Network network() {
    return network;
  }

  Relay relay() {
    return relay;
  }

  /**
   * Waits until these nodes serve and have no complaint; what is wrong with them after the time.
   */
  public String awaitWell(List<ClusterNode> some, Duration patience) throws InterruptedException {
    return await(patience, () -> complaints(some), String::isEmpty);
  }

  private static String complaints(List<ClusterNode> some) {
    List<String> wrong = new ArrayList<>();
    for (ClusterNode node : some) {
      String state = node.status().text("state");
      if (!state.equals("ok")) {
        wrong.add(
            "n"
                + node.number()
                + " is "
                + (state.isEmpty() ? "silent" : state)
                + " "
                + node.status().texts("degraded"));
      }
    }
    return String.join("; ", wrong);
  }

  /** What is there to be seen now. */
  interface Look<T, E extends Exception> {
    T look() throws E;
  }

  /**
   * Looks again and again, for nobody tells of what other processes do.
   *
   * @return what was seen when it would do, or when the time was over
   */
  static <T, E extends Exception> T await(Duration patience, Look<T, E> look, Predicate<T> willDo)
      throws E, InterruptedException {
    long begin = CLOCK.nanoTime();
    T seen = look.look();
    while (!willDo.test(seen) && CLOCK.nanoTime() - begin <= patience.toNanos()) {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      seen = look.look();
    }
    return seen;
  }

  /** The leader of the highest term that some running node, but for {@code except}, knows of. */
  Leader leader(List<Integer> except) {
    Leader best = new Leader(0, -1);
    for (ClusterNode node : nodes) {
      if (except.contains(node.number()) || !node.isAlive()) {
        continue;
      }
      JsonObject raft = node.status().object("raft");
      String name = raft.text("leader");
      if (raft.number("term") > best.term() && name.matches("n[1-9]")) {
        best = new Leader(name.charAt(1) - '0', raft.number("term"));
      }
    }
    return best;
  }

  /** Waits for a term above {@code term} with a leader that is none of {@code except}. */
  Leader awaitTermAbove(long term, List<Integer> except, Duration patience)
      throws InterruptedException {
    return await(
        patience,
        () -> leader(except),
        leader -> leader.term() > term && !except.contains(leader.node()));
  }

  /** Has all nodes hash their tables as of one log index. */
  public TableHashes hashTables() throws IOException {
    List<String> hashes = new ArrayList<>();
    long index;
    try {
      index = nodes.get(0).hashes().request();
      for (ClusterNode node : nodes) {
        hashes.add(node.hashes().at(index));
      }
    } catch (Refusal e) {
      throw new IOException("the tables cannot be compared: " + e.getMessage(), e);
    }
    return new TableHashes(index, hashes);
  }

  /** Kills all and unmounts. */
  @Override
  public void close() throws IOException {
    try {
      for (ClusterNode node : nodes) {
        node.kill();
        Shell.run("umount -l \"$1\"", node.mount());
        if (node.disk() != null) {
          node.disk().unmount();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted: the namespaces' end kills what is left", e);
    }
    if (relay != null) {
      relay.close();
    }
  }
}
