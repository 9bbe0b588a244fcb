package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.setup.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Nodes that are made as a person makes them, by {@code pando init} and {@code pando join}: real
 * processes with certificates, on loopback, each in a directory of its name. Closing ends all that
 * were started and unmounts.
 */
final class SecuredCluster implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(150);
  private static final Duration LOOK = Duration.ofSeconds(60);

  private final Path directory;
  private final List<String> started = new ArrayList<>();

  /**
   * @param directory for everything; it is not deleted
   */
  SecuredCluster(Path directory) {
    DevCluster.requireFuse();
    this.directory = directory;
  }

  @Override
  public void close() throws IOException {
    try {
      for (String node : started) {
        processes(node).forEach(ProcessHandle::destroy);
      }
      for (String node : started) {
        awaitEnd(node);
        // One that was killed could not unmount.
        Commands.bash(
                LOOK,
                "! grep -q \" $1 \" /proc/self/mountinfo"
                    + " || umount -l \"$1\" || fusermount -uz \"$1\"",
                mount(node))
            .ok();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted: " + directory + " was not cleaned up", e);
    }
  }

  Path directory() {
    return directory;
  }

  Path config(String node) {
    return data(node).resolve("pando.toml");
  }

  Path data(String node) {
    return directory.resolve(node).resolve("data");
  }

  Path mount(String node) {
    return directory.resolve(node).resolve("mnt");
  }

  Path log(String node) {
    return data(node).resolve("node.log");
  }

  /** The daemon's process id. */
  long pid(String node) {
    List<Long> found =
        processes(node).stream()
            .filter(process -> process.info().command().orElse("").endsWith("java"))
            .map(ProcessHandle::pid)
            .toList();
    assertThat(found).as("processes of %s", node).hasSize(1);
    return found.get(0);
  }

  private List<ProcessHandle> processes(String node) {
    return ProcessHandle.allProcesses().filter(process -> runs(process, node)).toList();
  }

  private boolean runs(ProcessHandle process, String node) {
    return process
        .info()
        .arguments()
        .map(List::of)
        .orElse(List.of())
        .contains(config(node).toString());
  }

  void awaitEnd(String node) {
    await().atMost(Duration.ofSeconds(60)).until(() -> processes(node).isEmpty());
  }

  /** SIGKILL. */
  void kill(String node) {
    processes(node).forEach(ProcessHandle::destroyForcibly);
    awaitEnd(node);
  }

  /** Takes all that a node had, which does not run, and its dead mount. */
  void wipe(String node) throws IOException, InterruptedException {
    Commands.bash(LOOK, "umount -l \"$1\"; rm -rf \"$2\"", mount(node), data(node)).ok();
  }

  /** Starts a node that was stopped. */
  void start(String node) throws IOException {
    NodeProcess.detached(DevCluster.launcher(), config(node), log(node)).start();
  }

  Commands.Result pando(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(DevCluster.launcher().toString()));
    command.addAll(List.of(arguments));
    return Commands.start(LIMIT, command, Map.of()).await();
  }

  private String[] node(String name, int port, String... before) {
    List<String> arguments = new ArrayList<>(List.of(before));
    arguments.addAll(
        List.of(
            "--mount",
            mount(name).toString(),
            "--data",
            data(name).toString(),
            "--listen",
            "127.0.0.1:" + port,
            "--name",
            name));
    return arguments.toArray(String[]::new);
  }

  /** The first node of a cluster; what {@code pando init} told. */
  JsonObject init(String name, int port) throws IOException, InterruptedException {
    started.add(name);
    return JsonReader.readObject(pando(node(name, port, "init", "--json")).ok());
  }

  Commands.Result join(String name, int port, int seed, String token)
      throws IOException, InterruptedException {
    started.add(name);
    return pando(node(name, port, "join", "127.0.0.1:" + seed, "--token", token));
  }

  /**
   * Types the line that {@code pando init} has printed, as on another machine: on this one, mount
   * point, data and ports must be others.
   */
  Commands.Result type(String line, String printedBy, String name, int port)
      throws IOException, InterruptedException {
    started.add(name);
    String own = line.replace(mount(printedBy).toString(), mount(name).toString());
    String rest = " --data \"$2\" --listen 127.0.0.1:" + port + " --name " + name;
    return Commands.bash(
        LIMIT, "PATH=$1:$PATH; " + own + rest, DevCluster.launcher().getParent(), data(name));
  }

  String token(String name, String... options) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("token", "--json", "--data", data(name).toString()));
    arguments.addAll(List.of(options));
    return JsonReader.readObject(pando(arguments.toArray(String[]::new)).ok()).text("token");
  }

  /** Asks a node's daemon. */
  Commands.Result ask(String name, String... command) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(List.of("--config", config(name).toString()));
    return pando(arguments.toArray(String[]::new));
  }
}
