package io.pandofs.tests.nemesis;

import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.Operation;
import io.pandofs.tests.cluster.DevCluster;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import io.pandofs.tools.admin.TableHasher;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.setup.NewNode;
import io.pandofs.tools.setup.NodeSetup;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One node process of the kit's cluster. Used by one thread. */
public final class ClusterNode {
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final Duration TOKEN_VALIDITY = Duration.ofHours(1);

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

  /** The operations that its Raft log has up to an index that it has applied; it may run. */
  List<Operation> operations(long upTo) throws IOException {
    return NodeLog.operations(data().resolve("raft"), upTo);
  }

  private NewNode setup() {
    return new NewNode(config(), data(), mount(), "n" + number, Network.control(number));
  }

  private Path config() {
    return directory.resolve("pando.toml");
  }

  /**
   * Makes it the first node of a new cluster, with certificates, as {@code pando init} does; it is
   * not started.
   */
  void init(Map<String, String> settings) throws IOException {
    try {
      new NodeSetup(new SystemClock(), new SecureRandom()).init(setup());
    } catch (Refusal e) {
      throw new IOException(e);
    }
    configure(settings);
  }

  /** Makes it a node of the cluster of {@code member}, which runs, as {@code pando join} does. */
  void join(ClusterNode member, Map<String, String> settings) throws IOException {
    try {
      JsonObject made =
          new AdminClient(member.data())
              .call(
                  "token-create",
                  Map.of("uses", 1, "seconds", TOKEN_VALIDITY.toSeconds()),
                  progress -> {});
      JoinToken token = JoinToken.parse(made.text("token")).orElseThrow();
      new NodeSetup(new SystemClock(), new SecureRandom())
          .join(setup(), Network.control(member.number), token);
    } catch (Refusal e) {
      throw new IOException(e);
    }
    configure(settings);
  }

  /** Adds to the configuration that the setup wrote. */
  private void configure(Map<String, String> settings) throws IOException {
    String text = Files.readString(config());
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      text = with(text, setting.getKey(), setting.getValue());
    }
    Files.writeString(config(), text);
  }

  private static String with(String text, String key, String value) {
    String setting = " = \"%s\"\n".formatted(value);
    int dot = key.indexOf('.');
    String section = "[" + key.substring(0, Math.max(dot, 0)) + "]\n";
    return text.contains(section)
        ? text.replace(section, section + key.substring(dot + 1) + setting)
        : key + setting + text;
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
        List.of(DevCluster.launcher().toString(), "node", "--config", config().toString()));
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
      return new StatusClient(setup().status()).status(PATIENCE);
    } catch (IOException e) {
      return JsonObject.empty();
    }
  }

  TableHasher hashes() {
    return new TableHasher(data());
  }
}
