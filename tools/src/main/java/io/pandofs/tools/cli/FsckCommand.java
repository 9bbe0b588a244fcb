package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.node.Fsck;
import io.pandofs.tools.status.StatusText;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pando fsck}: do the tables, and this machine's blocks, agree? */
@Command(
    name = "fsck",
    description =
        "Check the tree's tables against each other and this machine's blocks against them; exits"
            + " with 0 when all is well or repaired, with 1 when not.")
final class FsckCommand implements Callable<Integer> {
  @Mixin AdminOptions admin = new AdminOptions();

  @Option(names = "--deep", description = "Read and check all bytes of all blocks too.")
  boolean deep;

  @Option(
      names = "--repair",
      description = "Fetch what is missing or bad from other nodes, delete what is left over.")
  boolean repair;

  @Option(
      names = "--offline",
      paramLabel = "FILE",
      description = "The configuration of a node that does not run: check its data in place.")
  @Nullable Path offline;

  @Override
  public Integer call() throws Refusal, ConfigException {
    JsonObject found;
    Path file = offline;
    if (file == null) {
      found = admin.call("fsck", Map.of("deep", deep, "repair", repair));
    } else if (repair) {
      throw new Refusal(
          "A node repairs while it runs: start it, then run fsck --repair without --offline.");
    } else {
      found = JsonObject.of(Fsck.offline(NodeConfig.load(file), deep));
    }
    admin.print(found, String.join("\n", StatusText.fsck(found)));
    return found.number("unrepaired") == 0 ? ExitCode.OK : ExitCode.FAILED;
  }
}
