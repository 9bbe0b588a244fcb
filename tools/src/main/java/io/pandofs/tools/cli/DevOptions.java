package io.pandofs.tools.cli;

import io.pandofs.common.time.SystemClock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.dev.DevCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all {@code pando dev} commands take. */
final class DevOptions {
  @Mixin HelpOption help = new HelpOption();

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "The cluster's directory; default ~/.pando/dev.")
  @Nullable Path dir;

  @Option(names = "--json", description = "Print one JSON document.")
  boolean json;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description = "How long to wait for nodes to be mounted; default ${DEFAULT-VALUE}.")
  int timeoutSeconds;

  DevCluster cluster() throws Refusal {
    Path directory = dir != null ? dir : Path.of(System.getProperty("user.home"), ".pando", "dev");
    return new DevCluster(
        directory,
        launcher(),
        new SystemClock(),
        new SecureRandom(),
        Duration.ofSeconds(timeoutSeconds));
  }

  static Path launcher() throws Refusal {
    String launcher = System.getProperty("pando.launcher", "");
    if (!Files.isExecutable(Path.of(launcher))) {
      throw new Refusal("Nodes are started with the pando script; run this through it.");
    }
    return Path.of(launcher);
  }
}
