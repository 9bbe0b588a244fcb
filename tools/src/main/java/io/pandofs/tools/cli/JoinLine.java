package io.pandofs.tools.cli;

import io.pandofs.common.config.HostPort;
import java.nio.file.Path;

/** The line to type on the next machine. */
final class JoinLine {
  private JoinLine() {}

  static String of(HostPort control, String token, Path mount) {
    return "pando join " + control + " --token " + token + " --mount " + mount;
  }
}
