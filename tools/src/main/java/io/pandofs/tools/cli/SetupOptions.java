package io.pandofs.tools.cli;

import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.setup.NewNode;
import io.pandofs.tools.setup.NodeProcess;
import io.pandofs.tools.setup.NodeSetup;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands take that make this machine a node. */
final class SetupOptions {
  private static final Path USUAL_DATA = Path.of("/var/lib/pando");
  private static final Path USUAL_CONFIG = Path.of("/etc/pando/pando.toml");

  @Mixin HelpOption help = new HelpOption();

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--mount",
      paramLabel = "DIR",
      required = true,
      description = "Where the tree is to be mounted; made if it is missing.")
  Path mount = Path.of("/mnt/pando");

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "",
      description = {
        "The address by which the others reach this machine; default its own, port 7440.",
        "The node uses the three ports after it too."
      })
  String listen = "";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where the node keeps its data; default /var/lib/pando.")
  @Nullable Path data;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = {
        "The configuration to write; default /etc/pando/pando.toml,",
        "or pando.toml in the directory of --data."
      })
  @Nullable Path config;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The node's name for people; default the machine's.")
  String name = "";

  @Option(names = "--foreground", description = "Run the node here instead of in the background.")
  boolean foreground;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description = "How long to wait until the tree is mounted; default ${DEFAULT-VALUE}.")
  int timeoutSeconds;

  private final Clock clock = new SystemClock();

  NewNode node() throws Refusal {
    Path where = data == null ? USUAL_DATA : data;
    Path file = config;
    if (file == null) {
      file = data == null ? USUAL_CONFIG : where.resolve("pando.toml");
    }
    return new NewNode(
        file,
        where,
        mount,
        name.isEmpty() ? NodeConfig.machineName() : name,
        NewNode.listen(listen));
  }

  NodeSetup setup() {
    return new NodeSetup(clock, new SecureRandom());
  }

  /** Starts the daemon and returns when the tree is mounted. */
  NodeProcess start(NewNode node) throws Refusal, IOException, InterruptedException {
    NodeProcess process = NodeProcess.start(node, DevOptions.launcher(), foreground, clock);
    process.awaitServing(Duration.ofSeconds(timeoutSeconds));
    return process;
  }

  /** Stays with a daemon in the foreground. */
  int finish(NodeProcess process) throws InterruptedException {
    return foreground ? process.await() : ExitCode.OK;
  }
}
