package io.pandofs.tools.cli;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pando dev destroy}. */
@Command(name = "destroy", description = "Stop all nodes, unmount, and delete the directory.")
final class DevDestroyCommand implements Callable<Integer> {
  @Mixin DevOptions dev = new DevOptions();

  @Override
  public Integer call() throws Refusal, IOException, InterruptedException {
    dev.cluster().destroy();
    if (dev.json) {
      dev.spec.commandLine().getOut().println(JsonWriter.write(Map.of("destroy", true)));
    }
    return ExitCode.OK;
  }
}
