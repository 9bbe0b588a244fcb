package io.pandofs.tools.cli;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonWriter;
import io.pandofs.tools.setup.NewNode;
import io.pandofs.tools.setup.NodeProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pando init}. */
@Command(
    name = "init",
    description = {
      "Make a new cluster with this machine as its first node, and mount it.",
      "Prints the line with which other machines join."
    })
final class InitCommand implements Callable<Integer> {
  private static final int USES = 8;
  private static final Duration VALIDITY = Duration.ofHours(24);

  @Mixin SetupOptions options = new SetupOptions();

  @Override
  public Integer call() throws Refusal, IOException, InterruptedException {
    NewNode node = options.node();
    options.setup().init(node);
    NodeProcess process = options.start(node);
    JsonObject token =
        new AdminClient(node.data())
            .call(
                "token-create", Map.of("uses", USES, "seconds", VALIDITY.toSeconds()), text -> {});
    String line = JoinLine.of(token);
    PrintWriter out = options.spec.commandLine().getOut();
    if (options.json) {
      out.println(
          JsonWriter.write(
              Map.of(
                  "mount", node.mount(),
                  "config", node.config(),
                  "log", node.log(),
                  "token", token.text("token"),
                  "join", line)));
    } else {
      out.println("Mounted at " + node.mount() + "; the node's log is " + node.log() + ".");
      out.println("On each other machine (" + USES + " times, within 24 hours):");
      out.println();
      out.println("  " + line);
      out.println();
    }
    out.flush();
    return options.finish(process);
  }
}
