package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusText;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pando scrub}: the checking of this machine's blocks. */
@Command(
    name = "scrub",
    description =
        "Show how far the checking of this machine's blocks is, or check all or those of some files"
            + " now; exits with 3 when bad copies are not repaired yet.")
final class ScrubCommand implements Callable<Integer> {
  @Mixin AdminOptions admin = new AdminOptions();

  @Option(names = "--now", description = "Begin a pass over all blocks now.")
  boolean now;

  @Option(
      names = "--wait",
      description = "With --now or PATH: return when all is checked, and what was bad is repaired.")
  boolean wait;

  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      description =
          "A file or directory of the mount: check what this machine has of its blocks, and of all"
              + " below it, now.")
  @Nullable Path path;

  @Override
  public Integer call() throws Refusal, ConfigException {
    Path meant = path;
    if (wait && !now && meant == null) {
      throw Refusal.ofUsage("--wait goes with --now or a PATH.");
    }
    String whole = meant == null ? "" : meant.toAbsolutePath().normalize().toString();
    JsonObject answer = admin.call("scrub", Map.of("now", now, "wait", wait, "path", whole));
    admin.print(answer, StatusText.scrub(answer));
    return answer.number("faults_open") == 0 ? ExitCode.OK : ExitCode.DEGRADED;
  }
}
