package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import io.pandofs.tools.node.Survivor;
import io.pandofs.tools.status.StatusText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pando recover}: goes on with one survivor. */
@Command(
    name = "recover",
    description = {
      "After a majority of the nodes was lost for good: make this node, whose daemon is stopped,",
      "the only one of a cluster that goes on. The lost nodes can never come back into it.",
      "Without --yes-i-lose it only says what would be lost."
    })
final class RecoverCommand implements Callable<Integer> {
  @Mixin HelpOption help = new HelpOption();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--from-survivor",
      required = true,
      description = "This node is the one that has most, and the others are gone for good.")
  boolean fromSurvivor;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The node's configuration; default /etc/pando/pando.toml.")
  Path config = Path.of("/etc/pando/pando.toml");

  @Option(
      names = "--yes-i-lose",
      paramLabel = "NODES",
      description = "The lost nodes, as this command lists them: does it.")
  @Nullable String confirmed;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Override
  public Integer call() throws Refusal, ConfigException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Survivor survivor = Survivor.open(NodeConfig.load(config))) {
      Survivor.Loss loss = survivor.loss();
      if (json) {
        out.println(JsonWriter.write(document(loss)));
      } else {
        tell(loss, out);
      }
      if (loss.lost().isEmpty()) {
        throw new Refusal(loss.survivor() + " has no other nodes: there is nothing to recover.");
      }
      if (confirmed == null) {
        throw new Refusal(
            "Nothing was changed. To go on without them, say: --yes-i-lose " + loss.lost());
      }
      if (!confirmed.equals(loss.lost())) {
        throw new Refusal(
            "Nothing was changed: --yes-i-lose must name the lost nodes, " + loss.lost() + ".");
      }
      survivor.commit();
      if (!json) {
        out.println("Done. Start the node; new nodes can join it then.");
      }
      return ExitCode.OK;
    }
  }

  private static void tell(Survivor.Loss loss, PrintWriter out) {
    out.println(loss.survivor() + " of volume " + loss.volume() + " is to go on alone.");
    out.println("Lost for good, and never let in again: " + loss.names());
    out.println(
        "Changes after log entry "
            + loss.lastIndex()
            + " are not here: what the others had acknowledged after it is gone. How much that is"
            + " cannot be told here.");
    out.println(
        loss.missing() == 0
            ? "All " + loss.blocks() + " blocks of file data are here."
            : loss.missing()
                + " of "
                + loss.blocks()
                + " blocks of file data ("
                + StatusText.size(loss.missingBytes())
                + ") are not here: reading them answers EIO.");
    out.println(
        "If the lost nodes still run somewhere, together, they are a cluster of their own now.");
    out.flush();
  }

  private static Map<String, Object> document(Survivor.Loss loss) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("survivor", loss.survivor());
    document.put("volume", loss.volume());
    document.put("lost", loss.lost());
    document.put("last_index", loss.lastIndex());
    document.put("blocks", loss.blocks());
    document.put("missing_blocks", loss.missing());
    document.put("missing_bytes", loss.missingBytes());
    return document;
  }
}
