package io.pandofs.tools.cli;

import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import io.pandofs.tools.setup.NewNode;
import io.pandofs.tools.setup.NodeProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pando join}. */
@Command(name = "join", description = "Make this machine a node of a cluster, and mount it.")
final class JoinCommand implements Callable<Integer> {
  @Mixin SetupOptions options = new SetupOptions();

  @Parameters(
      paramLabel = "HOST:PORT",
      description = "The address of any node of the cluster, as pando init printed it.")
  String seed = "";

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      required = true,
      description = "As pando init or pando token printed it.")
  String token = "";

  @Override
  public Integer call() throws Refusal, IOException, InterruptedException {
    HostPort member =
        HostPort.parse(seed, NodeConfig.CONTROL_PORT)
            .orElseThrow(
                () -> Refusal.ofUsage("'" + seed + "' is not an address; write HOST:PORT."));
    JoinToken shown =
        JoinToken.parse(token)
            .orElseThrow(
                () ->
                    Refusal.ofUsage(
                        "This is no whole token; copy it again, or make one with: pando token"));
    NewNode node = options.node();
    options.setup().join(node, member, shown);
    NodeProcess process = options.start(node);
    PrintWriter out = options.spec.commandLine().getOut();
    if (options.json) {
      out.println(
          JsonWriter.write(
              Map.of("mount", node.mount(), "config", node.config(), "log", node.log())));
    } else {
      out.println("Mounted at " + node.mount() + "; the node's log is " + node.log() + ".");
    }
    out.flush();
    return options.finish(process);
  }
}
