package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pando leader}: who leads the cluster. */
@Command(
    name = "leader",
    description = "Change who leads the cluster.",
    subcommands = LeaderCommand.Transfer.class,
    synopsisSubcommandLabel = "COMMAND")
final class LeaderCommand {
  @Mixin HelpOption help = new HelpOption();

  @Command(
      name = "transfer",
      description = "Hand the leadership to a node, or to the best of the others.")
  static final class Transfer implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(
        paramLabel = "NODE",
        arity = "0..1",
        description = "Its id (n3) or its name; default: the best of the others.")
    @Nullable String node;

    @Override
    public Integer call() throws Refusal, ConfigException {
      String to = node == null ? "" : node;
      JsonObject result = admin.call("leader-transfer", Map.of("node", to));
      admin.print(result, result.text("name") + " (" + result.text("leader") + ") leads.");
      return ExitCode.OK;
    }
  }
}
