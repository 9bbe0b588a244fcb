package io.pandofs.tools.cli;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pando dev add}. */
@Command(
    name = "add",
    description = "Add one node to the running cluster, and return when it is mounted.")
final class DevAddCommand implements Callable<Integer> {
  @Mixin DevOptions dev = new DevOptions();

  @Override
  public Integer call() throws Refusal, IOException, InterruptedException {
    Path mount = dev.cluster().add();
    PrintWriter out = dev.spec.commandLine().getOut();
    out.println(dev.json ? JsonWriter.write(Map.of("mount", mount)) : mount.toString());
    return ExitCode.OK;
  }
}
