package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonWriter;
import io.pandofs.tools.status.StatusClient;
import io.pandofs.tools.status.StatusText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pando status}: what the node of this machine says of itself. */
@Command(
    name = "status",
    description = "Show how the node of this machine is; exits with 3 when something is degraded.")
final class StatusCommand implements Callable<Integer> {
  private static final Path USUAL_CONFIG = Path.of("/etc/pando/pando.toml");
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @Mixin HelpOption help = new HelpOption();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Option(names = "-v", description = "Show budgets and peers too.")
  boolean verbose;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The node's configuration; default /etc/pando/pando.toml.")
  @Nullable Path config;

  @Option(
      names = "--endpoint",
      paramLabel = "HOST:PORT",
      description = "The node's status endpoint, instead of a configuration.")
  @Nullable String endpoint;

  @Override
  public Integer call() throws Refusal, ConfigException {
    HostPort where = where();
    JsonObject status;
    try {
      status = new StatusClient(where).status(PATIENCE);
    } catch (IOException e) {
      throw new Refusal(
          "No node answers on "
              + where
              + " ("
              + e.getMessage()
              + "); start one with: pando node --config FILE",
          e);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonWriter.write(status.values()));
    } else {
      StatusText.of(status, verbose).forEach(out::println);
    }
    return status.text("state").equals("ok") ? ExitCode.OK : ExitCode.DEGRADED;
  }

  private HostPort where() throws Refusal, ConfigException {
    String text = endpoint;
    if (text != null) {
      return HostPort.parse(text)
          .orElseThrow(() -> Refusal.ofUsage("'" + text + "' is not an address; write host:port."));
    }
    Path file = config;
    if (file == null && !Files.exists(USUAL_CONFIG)) {
      return new HostPort("127.0.0.1", NodeConfig.STATUS_PORT);
    }
    return NodeConfig.load(file == null ? USUAL_CONFIG : file).status();
  }
}
