package io.pandofs.tools.cli;

import io.pandofs.common.config.TransportName;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.dev.DevCluster;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pando dev up}. */
@Command(
    name = "up",
    description = {
      "Start the nodes that do not run, and return when all are mounted.",
      "A new directory gets a new cluster; mounts are at DIR/n1/mnt, DIR/n2/mnt and so on."
    })
final class DevUpCommand implements Callable<Integer> {
  @Mixin DevOptions dev = new DevOptions();

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "How many; default 3, or as many as there are.")
  @Nullable Integer nodes;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      defaultValue = "direct",
      description = "How new nodes talk to FUSE: direct, or jnr.")
  String transport = "direct";

  private TransportName name() throws Refusal {
    try {
      return TransportName.of(transport);
    } catch (IllegalArgumentException e) {
      throw Refusal.ofUsage("The transport " + e.getMessage() + ".");
    }
  }

  @Override
  public Integer call() throws Refusal, IOException, InterruptedException {
    DevCluster cluster = dev.cluster();
    cluster.up(nodes, name());
    List<Path> mounts = cluster.mounts();
    PrintWriter out = dev.spec.commandLine().getOut();
    if (dev.json) {
      out.println(JsonWriter.write(Map.of("mounts", mounts)));
    } else {
      mounts.forEach(out::println);
    }
    return ExitCode.OK;
  }
}
