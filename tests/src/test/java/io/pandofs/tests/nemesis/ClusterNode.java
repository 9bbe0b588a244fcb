package io.pandofs.tests.nemesis;

import io.pandofs.common.config.HostPort;
import io.pandofs.tests.cluster.DevCluster;
import io.pandofs.tools.admin.TableHashes;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One node process of the kit's cluster. Used by one thread. */
public final class ClusterNode {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final int number;
  private final Path directory;
  private final Disk disk;
  private final List<String> environment;
  private Process process;

  /**
   * @param directory DIR/nN
   * @param disk null when the data lies on the machine's own
   * @param environment NAME=VALUE for the process
   */
  ClusterNode(int number, Path directory, Disk disk, List<String> environment) {
    this.number = number;
    this.directory = directory;
    this.disk = disk;
    this.environment = environment;
  }

  public int number() {
    return number;
  }

  /** Look at it from other processes only, with a limit. */
  public Path mount() {
    return directory.resolve("mnt");
  }

  Path log() {
    return directory.resolve("node.log");
  }

  Disk disk() {
    return disk;
  }

  private Path data() {
    return directory.resolve("disk/data");
  }

  /**
   * Writes its configuration.
   *
   * @param more lines of the configuration, before its first section
   */
  void configure(int nodes, boolean first, String more) throws IOException {
    List<String> others = new ArrayList<>();
    for (int i = 1; i <= nodes; i++) {
      if (i != number) {
        others.add("\"" + Network.address(i) + ":7440\"");
      }
    }
    String address = Network.address(number);
    Files.createDirectories(data());
    Files.createDirectories(mount());
    Files.writeString(
        directory.resolve("pando.toml"),
        "name = \"n%d\"\ndata_dir = \"%s\"\nmount = \"%s\"\n".formatted(number, data(), mount())
            + more
            + (first ? "cluster.bootstrap = true\n" : "cluster.join = " + others + "\n")
            + "control.listen = \"%s:7440\"\nraft.listen = \"%s:7441\"\n"
                .formatted(address, address)
            + "blocks.listen = \"%s:7442\"\nstatus.listen = \"%s:7443\"\n"
                .formatted(address, address));
  }

  /** Starts the process; it serves some time later. */
  void start() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "setpriv",
                "--regid",
                String.valueOf(Network.group(number)),
                "--clear-groups",
                "env"));
    command.addAll(environment);
    command.addAll(
        List.of(
            DevCluster.launcher().toString(),
            "node",
            "--config",
            directory.resolve("pando.toml").toString()));
    process =
        new ProcessBuilder(command)
            .redirectInput(new java.io.File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .redirectErrorStream(true)
            .start();
  }

  /** Sends a signal by its name without SIG. */
  void signal(String name) throws IOException, InterruptedException {
    Shell.ok("kill -" + name + " " + process.pid());
  }

  /** SIGKILL, until the process is gone. */
  void kill() throws InterruptedException {
    if (process != null && !process.destroyForcibly().waitFor(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("n" + number + " survives SIGKILL in the kernel");
    }
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** The letter of the process's state in /proc: T when stopped. */
  String processState() throws IOException {
    String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  }

  /** What it says of itself; empty when it does not answer. */
  JsonObject status() {
    try {
      return new StatusClient(new HostPort(Network.address(number), 7443)).status(PATIENCE);
    } catch (IOException e) {
      return JsonObject.empty();
    }
  }

  TableHashes hashes() {
    return new TableHashes(data());
  }
}
