package io.pandofs.tools.cli;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.dev.DevStatus;
import io.pandofs.tools.json.JsonWriter;
import io.pandofs.tools.status.StatusText;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pando dev status}. */
@Command(
    name = "status",
    description = "Show how the nodes are; exits with 3 when something is degraded.")
final class DevStatusCommand implements Callable<Integer> {
  @Mixin DevOptions dev = new DevOptions();

  @Option(
      names = "-v",
      description = "Show peers and budgets too, and the hash of every node's tables.")
  boolean verbose;

  @Override
  public Integer call() throws Refusal, IOException {
    DevStatus status = dev.cluster().status(verbose);
    PrintWriter out = dev.spec.commandLine().getOut();
    if (dev.json) {
      out.println(JsonWriter.write(status.toDocument()));
    } else {
      print(status, out);
    }
    return status.well() ? ExitCode.OK : ExitCode.DEGRADED;
  }

  private void print(DevStatus status, PrintWriter out) {
    for (DevStatus.Node node : status.nodes()) {
      if (node.isRemoved()) {
        out.println(node.name() + " was removed from the cluster");
        continue;
      }
      if (node.status().values().containsKey("raft")) {
        StatusText.of(node.status(), verbose).forEach(out::println);
      } else {
        out.println(node.name() + " is " + node.process());
        node.status().texts("degraded").forEach(problem -> out.println("  ! " + problem));
      }
      out.println("  process  " + node.process() + (node.pid() == 0 ? "" : " " + node.pid()));
    }
    DevStatus.Tables tables = status.tables();
    if (tables != null) {
      out.println(
          tables.problem().isEmpty()
              ? "tables at index " + tables.index() + (tables.equal() ? ": equal" : ": DIFFERENT")
              : "tables: " + tables.problem());
      tables
          .hashes()
          .forEach((name, hash) -> out.println("  " + name + " " + (hash.isEmpty() ? "?" : hash)));
    }
  }
}
