package io.pandofs.tools.cli;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pando dev down}. */
@Command(name = "down", description = "Stop all nodes and unmount; the data stays.")
final class DevDownCommand implements Callable<Integer> {
  @Mixin DevOptions dev = new DevOptions();

  @Override
  public Integer call() throws Refusal, IOException, InterruptedException {
    dev.cluster().down();
    if (dev.json) {
      dev.spec.commandLine().getOut().println(JsonWriter.write(Map.of("down", true)));
    }
    return ExitCode.OK;
  }
}
