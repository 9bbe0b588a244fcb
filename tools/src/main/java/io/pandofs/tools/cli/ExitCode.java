package io.pandofs.tools.cli;

/** What the program's exit says. */
final class ExitCode {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int DEGRADED = 3;

  private ExitCode() {}
}
