package io.pandofs.tools.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pando dev}: a real cluster on this machine. */
@Command(
    name = "dev",
    description = "Run a cluster of real nodes on this machine, for trying, testing and measuring.",
    subcommands = {
      DevUpCommand.class,
      DevAddCommand.class,
      DevStatusCommand.class,
      DevNodeCommands.Kill.class,
      DevNodeCommands.Stop.class,
      DevNodeCommands.Start.class,
      DevNodeCommands.Pause.class,
      DevNodeCommands.Resume.class,
      DevDownCommand.class,
      DevDestroyCommand.class
    },
    synopsisSubcommandLabel = "COMMAND")
final class DevCommand {
  @Mixin HelpOption help = new HelpOption();
}
