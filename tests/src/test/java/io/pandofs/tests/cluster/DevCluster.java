package io.pandofs.tests.cluster;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A cluster of real processes for a test, run by {@code pando dev} in a temporary directory and
 * destroyed when it is closed. Needs the built distribution: {@code mvn -pl tests -am verify}, or
 * package, comes before.
 */
public final class DevCluster implements GrowingCluster, AutoCloseable {
  private static final Duration UP = Duration.ofSeconds(170);
  private static final Duration STEP = Duration.ofSeconds(150);

  private final Path directory;
  private final int nodes;
  private final String transport;

  private DevCluster(Path directory, int nodes, String transport) {
    this.directory = directory;
    this.nodes = nodes;
    this.transport = transport;
  }

  /**
   * A new cluster, all mounted, through the transport that the system property {@code
   * pando.transport} names, or direct.
   */
  public static DevCluster up(int nodes) throws IOException, InterruptedException {
    return up(nodes, System.getProperty("pando.transport", "direct"));
  }

  /** A new cluster, all mounted through this transport. */
  public static DevCluster up(int nodes, String transport)
      throws IOException, InterruptedException {
    requireFuse();
    Path directory = Files.createTempDirectory("pando-cluster");
    DevCluster cluster = new DevCluster(directory, nodes, transport);
    try {
      cluster.up();
      return cluster;
    } catch (AssertionError | IOException | InterruptedException failure) {
      cluster.close();
      throw failure;
    }
  }

  /** A machine without FUSE fails the test: it is never skipped in silence. */
  public static void requireFuse() {
    if (!Files.exists(Path.of("/dev/fuse"))) {
      throw new AssertionError("this test needs /dev/fuse");
    }
  }

  /** The {@code pando} script of this checkout. */
  public static Path launcher() {
    return Path.of(System.getProperty("pando.root", "..")).toAbsolutePath().resolve("pando");
  }

  /** Runs a {@code pando dev} command on this cluster. */
  public Commands.Result dev(Duration limit, String... arguments)
      throws IOException, InterruptedException {
    return Commands.start(limit, command(arguments), Map.of()).await();
  }

  private List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher().toString(), "dev"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--dir", directory.toString()));
    return command;
  }

  /** Starts what does not run and waits until all are mounted. */
  public void up() throws IOException, InterruptedException {
    dev(UP, "up", "--nodes", String.valueOf(nodes), "--transport", transport, "--timeout", "150")
        .ok();
  }

  /** One node more, mounted. */
  @Override
  public void add() throws IOException, InterruptedException {
    dev(UP, "add", "--timeout", "150").ok();
  }

  /** Runs a {@code pando} command that asks the daemon of a node. */
  @Override
  public Commands.Result ask(int node, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(launcher().toString()));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--config", config(node).toString()));
    return Commands.start(STEP, command, Map.of()).await();
  }

  /** The configuration of a node. */
  @Override
  public Path config(int node) {
    return node(node).resolve("pando.toml");
  }

  /** Adds tables to the configurations of all nodes, which must be down. */
  public void configure(String toml) throws IOException {
    for (int node = 1; node <= nodes; node++) {
      Files.writeString(config(node), "\n" + toml, StandardOpenOption.APPEND);
    }
  }

  /** SIGKILL. */
  @Override
  public void kill(int node) throws IOException, InterruptedException {
    dev(STEP, "kill", String.valueOf(node)).ok();
  }

  /** SIGTERM, until it has ended. */
  public void stop(int node) throws IOException, InterruptedException {
    dev(STEP, "stop", String.valueOf(node)).ok();
  }

  /** Starts a node and waits until it is mounted. */
  @Override
  public void start(int node) throws IOException, InterruptedException {
    dev(STEP, "start", String.valueOf(node)).ok();
  }

  /** SIGSTOP. */
  public void pause(int node) throws IOException, InterruptedException {
    dev(STEP, "pause", String.valueOf(node)).ok();
  }

  /** SIGCONT. */
  public void resume(int node) throws IOException, InterruptedException {
    dev(STEP, "resume", String.valueOf(node)).ok();
  }

  /** The document of {@code pando dev status}. */
  public JsonObject status() throws IOException, InterruptedException {
    return JsonReader.readObject(dev(STEP, "status", "--json").out());
  }

  /** The same with the hashes of all nodes' tables. */
  public JsonObject statusWithHashes() throws IOException, InterruptedException {
    return JsonReader.readObject(dev(STEP, "status", "-v", "--json").out());
  }

  /** The number of the node that leads: 1 for n1; 0 when none says so. */
  public int leader() throws IOException, InterruptedException {
    List<JsonObject> all = status().objects("nodes");
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).object("status").object("raft").text("role").equals("leader")) {
        return i + 1;
      }
    }
    return 0;
  }

  public int size() {
    return nodes;
  }

  /** The cluster's directory. */
  @Override
  public Path directory() {
    return directory;
  }

  /** The mount point of a node: 1 for n1. Look at it from other processes only, with a limit. */
  @Override
  public Path mount(int node) {
    return node(node).resolve("mnt");
  }

  /** The data directory of a node. */
  public Path data(int node) {
    return node(node).resolve("data");
  }

  /** The log of a node. */
  @Override
  public Path log(int node) {
    return node(node).resolve("node.log");
  }

  private Path node(int node) {
    return directory.resolve("n" + node);
  }

  @Override
  public void close() throws IOException {
    try {
      Commands.Result result = dev(STEP, "destroy");
      if (result.code() != 0) {
        throw new AssertionError("the cluster was not cleaned up: " + result.err());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted: " + directory + " was not cleaned up", e);
    }
  }
}
