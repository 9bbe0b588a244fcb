package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusText;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pando scrub}: the checking of this machine's blocks. */
@Command(
    name = "scrub",
    description =
        "Show how far the checking of this machine's blocks is, or check all now; exits with 3 when"
            + " bad copies are not repaired yet.")
final class ScrubCommand implements Callable<Integer> {
  @Mixin AdminOptions admin = new AdminOptions();

  @Option(names = "--now", description = "Begin a pass over all blocks now.")
  boolean now;

  @Option(
      names = "--wait",
      description = "With --now: return when all is checked, and what was bad is repaired.")
  boolean wait;

  @Override
  public Integer call() throws Refusal, ConfigException {
    if (wait && !now) {
      throw new Refusal("--wait goes with --now.");
    }
    JsonObject answer = admin.call("scrub", Map.of("now", now, "wait", wait));
    admin.print(answer, StatusText.scrub(answer));
    return answer.number("faults_open") == 0 ? ExitCode.OK : ExitCode.DEGRADED;
  }
}
