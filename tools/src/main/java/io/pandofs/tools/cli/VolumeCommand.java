package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pando volume}: how the volume keeps its data, on all nodes alike. */
@Command(
    name = "volume",
    description = "Show and change how the volume keeps its data, on all nodes alike.",
    subcommands = {VolumeCommand.Show.class, VolumeCommand.Set.class},
    synopsisSubcommandLabel = "COMMAND")
final class VolumeCommand {
  @Mixin HelpOption help = new HelpOption();

  private static String text(JsonObject policy) {
    return String.join(
        "\n",
        "copies        " + policy.number("copies"),
        "write_quorum  " + policy.text("write_quorum"),
        "compression   " + policy.text("compression"));
  }

  @Command(name = "show", description = "Show the settings.")
  static final class Show implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject policy = admin.call("volume-show", Map.of());
      admin.print(policy, text(policy));
      return ExitCode.OK;
    }
  }

  @Command(
      name = "set",
      description = {
        "Change settings. The nodes copy and delete blocks by themselves to follow.",
        "  copies=1..7                 of each block, as far as there are nodes",
        "  write_quorum=majority|all   how many of them a write waits for",
        "  compression=none|lz4|zstd   of what is written from now on"
      })
  static final class Set implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "KEY=VALUE", arity = "1..*")
    List<String> settings = List.of();

    @Override
    public Integer call() throws Refusal, ConfigException {
      Map<String, String> wanted = new HashMap<>();
      for (String setting : settings) {
        int equals = setting.indexOf('=');
        if (equals <= 0) {
          throw Refusal.ofUsage("'" + setting + "' is not KEY=VALUE.");
        }
        if (wanted.put(setting.substring(0, equals), setting.substring(equals + 1)) != null) {
          throw Refusal.ofUsage(setting.substring(0, equals) + " is said twice.");
        }
      }
      JsonObject policy = admin.call("volume-set", Map.of("settings", wanted));
      admin.print(policy, text(policy));
      return ExitCode.OK;
    }
  }
}
