package io.pandofs.tests.cluster;

import static org.awaitility.Awaitility.await;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A {@link SecuredCluster} whose nodes are numbered, each let in by a token of the first. */
final class SecuredNodes implements GrowingCluster, AutoCloseable {
  private static final Duration LOOK = Duration.ofSeconds(60);

  private final SecuredCluster cluster;
  private final int seed = TestPorts.row(4);
  private int size = 1;

  private SecuredNodes(SecuredCluster cluster) {
    this.cluster = cluster;
  }

  /** A new cluster of one node. */
  static SecuredNodes one(Path directory) throws IOException, InterruptedException {
    SecuredNodes made = new SecuredNodes(new SecuredCluster(directory));
    try {
      made.cluster.init(name(1), made.seed);
      return made;
    } catch (AssertionError | IOException | InterruptedException failure) {
      made.close();
      throw failure;
    }
  }

  private static String name(int node) {
    return "n" + node;
  }

  @Override
  public void add() throws IOException, InterruptedException {
    String token = cluster.token(name(1), "--uses", "1");
    cluster.join(name(++size), TestPorts.row(4), seed, token).ok();
  }

  @Override
  public Commands.Result ask(int node, String... arguments)
      throws IOException, InterruptedException {
    return cluster.ask(name(node), arguments);
  }

  @Override
  public void kill(int node) {
    cluster.kill(name(node));
  }

  @Override
  public void start(int node) throws IOException {
    cluster.start(name(node));
    await().atMost(LOOK).until(() -> serves(node));
  }

  private boolean serves(int node) throws ConfigException {
    try {
      String state =
          new StatusClient(NodeConfig.load(config(node)).status()).status(LOOK).text("state");
      return state.equals("ok") || state.equals("degraded");
    } catch (IOException e) {
      return false; // not listening yet
    }
  }

  @Override
  public Path directory() {
    return cluster.directory();
  }

  @Override
  public Path mount(int node) {
    return cluster.mount(name(node));
  }

  @Override
  public Path config(int node) {
    return cluster.config(name(node));
  }

  @Override
  public Path log(int node) {
    return cluster.log(name(node));
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}
