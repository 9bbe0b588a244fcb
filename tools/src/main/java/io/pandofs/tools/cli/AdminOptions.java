package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonWriter;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands take that ask this machine's daemon over the admin channel. */
final class AdminOptions {
  private static final Path USUAL_CONFIG = Path.of("/etc/pando/pando.toml");

  @Mixin HelpOption help = new HelpOption();

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The node's configuration; default /etc/pando/pando.toml.")
  @Nullable Path config;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The node's data directory, instead of a configuration.")
  @Nullable Path data;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  /** Whether a node is meant: one that was named, or the usual one. */
  boolean isNode() {
    return config != null || data != null || Files.exists(USUAL_CONFIG);
  }

  /** The data directory that is meant. */
  Path dataDirectory() throws Refusal, ConfigException {
    Path given = data;
    if (given != null) {
      return given;
    }
    Path file = config;
    if (file == null && !Files.exists(USUAL_CONFIG)) {
      throw new Refusal(
          "There is no " + USUAL_CONFIG + "; say which node is meant with --config or --data.");
    }
    return NodeConfig.load(file == null ? USUAL_CONFIG : file).dataDirectory();
  }

  /** Asks the daemon; its progress goes to stderr. */
  JsonObject call(String command, Map<String, ?> arguments) throws Refusal, ConfigException {
    PrintWriter err = spec.commandLine().getErr();
    return new AdminClient(dataDirectory())
        .call(
            command,
            arguments,
            text -> {
              err.println(text);
              err.flush();
            });
  }

  /** Prints the document with {@code --json}, else the sentence. */
  void print(JsonObject result, String sentence) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? JsonWriter.write(result.values()) : sentence);
  }
}
