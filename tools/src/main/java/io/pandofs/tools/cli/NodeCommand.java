package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.node.Daemon;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pando node}: the daemon, in the foreground. */
@Command(
    name = "node",
    description = "Run the node of this machine in the foreground; SIGTERM stops it cleanly.")
final class NodeCommand implements Callable<Integer> {
  @Mixin HelpOption help = new HelpOption();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "The node's configuration.")
  Path config = Path.of("/etc/pando/pando.toml");

  @Override
  public Integer call() throws Refusal, ConfigException, InterruptedException {
    return Daemon.run(NodeConfig.load(config)) ? ExitCode.OK : ExitCode.FAILED;
  }
}
