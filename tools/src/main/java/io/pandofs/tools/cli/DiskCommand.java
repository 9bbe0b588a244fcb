package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusText;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pando disk}: the directories in which this machine keeps its blocks. */
@Command(
    name = "disk",
    description = "Show, add and remove the disks on which this machine keeps its blocks.",
    subcommands = {DiskCommand.Ls.class, DiskCommand.Add.class, DiskCommand.Remove.class},
    synopsisSubcommandLabel = "COMMAND")
final class DiskCommand {
  @Mixin HelpOption help = new HelpOption();

  private static Map<String, String> named(Path directory) {
    return Map.of("directory", directory.toAbsolutePath().normalize().toString());
  }

  @Command(name = "ls", description = "List the disks.")
  static final class Ls implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("disk-ls", Map.of());
      admin.print(
          result,
          String.join("\n", result.objects("disks").stream().map(StatusText::disk).toList()));
      return ExitCode.OK;
    }
  }

  @Command(
      name = "add",
      description = "Keep blocks in this directory too: an empty one, or one that was in use here.")
  static final class Add implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "DIR")
    Path directory = Path.of("");

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("disk-add", named(directory));
      admin.print(result, result.text("directory") + " is in use.");
      return ExitCode.OK;
    }
  }

  @Command(
      name = "remove",
      description = "Move the blocks of a disk to the others, and use it no more.")
  static final class Remove implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "DIR")
    Path directory = Path.of("");

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("disk-remove", named(directory));
      long bad = result.number("bad_copies");
      admin.print(
          result,
          result.text("directory")
              + " is not used any more."
              + (bad == 0 ? "" : " " + bad + " bad copies on it are fetched from other nodes."));
      return ExitCode.OK;
    }
  }
}
