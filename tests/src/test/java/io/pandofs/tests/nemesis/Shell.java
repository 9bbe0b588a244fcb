package io.pandofs.tests.nemesis;

import io.pandofs.tests.cluster.Commands;
import java.io.IOException;
import java.time.Duration;

/** Short programs of the machine; each must succeed unless its answer is asked for. */
final class Shell {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private Shell() {}

  /** Runs a script; {@code "$1"} and so on are the arguments. */
  static String ok(String script, Object... arguments) throws IOException, InterruptedException {
    return Commands.bash(LIMIT, "set -e; " + script, arguments).ok();
  }

  static Commands.Result run(String script, Object... arguments)
      throws IOException, InterruptedException {
    return Commands.bash(LIMIT, script, arguments);
  }
}
