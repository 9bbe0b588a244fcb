package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.node.Daemon;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pando node}: the daemon, in the foreground; and the commands about nodes. */
@Command(
    name = "node",
    description = {
      "Run the node of this machine in the foreground; SIGTERM stops it cleanly.",
      "With a COMMAND: show or change the nodes of the cluster, through the node of this machine."
    },
    subcommands = {
      NodeCommands.List.class,
      NodeCommands.Remove.class,
      NodeCommands.Drain.class,
      NodeCommands.Replace.class,
      NodeCommands.SetAddress.class
    },
    synopsisSubcommandLabel = "[COMMAND]")
final class NodeCommand implements Callable<Integer> {
  @Mixin HelpOption help = new HelpOption();

  @Option(names = "--config", paramLabel = "FILE", description = "The node's configuration.")
  @Nullable Path config;

  @Override
  public Integer call() throws Refusal, ConfigException, InterruptedException {
    Path file = config;
    if (file == null) {
      throw new ConfigException("Say which node to run with --config FILE, or a command.");
    }
    return Daemon.run(NodeConfig.load(file)) ? ExitCode.OK : ExitCode.FAILED;
  }
}
