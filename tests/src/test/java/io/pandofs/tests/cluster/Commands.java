package io.pandofs.tests.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs of the machine, each under a time limit: a test never waits for ever on a mount,
 * and never touches one from its own process.
 */
public final class Commands {
  private Commands() {}

  /** What a program answered. */
  public record Result(int code, String out, String err) {
    /** The standard output of a program that must have ended with 0. */
    public String ok() {
      if (code != 0) {
        throw new AssertionError("exit code " + code + "\n" + out + "\n" + err);
      }
      return out;
    }
  }

  /** A program that goes on while the test does something else. */
  public static final class Running {
    private final Process process;
    private final Path out;
    private final Path err;
    private final Duration limit;
    private final String command;

    private Running(Process process, Path out, Path err, Duration limit, String command) {
      this.process = process;
      this.out = out;
      this.err = err;
      this.limit = limit;
      this.command = command;
    }

    public boolean isAlive() {
      return process.isAlive();
    }

    public long pid() {
      return process.pid();
    }

    /** SIGKILL, to the program alone. */
    public void kill() {
      process.destroyForcibly();
    }

    /** SIGTERM, to the program alone. */
    public void terminate() {
      process.destroy();
    }

    /** Waits for its end; kills it and fails when it takes longer than its limit. */
    public Result await() throws IOException, InterruptedException {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError(
            "no end after " + limit + ": " + command + "\n" + text(out) + "\n" + text(err));
      }
      Result result = new Result(process.exitValue(), text(out), text(err));
      Files.delete(out);
      Files.delete(err);
      return result;
    }

    private static String text(Path file) throws IOException {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
  }

  /** Starts a program. */
  public static Running start(Duration limit, List<String> command, Map<String, String> environment)
      throws IOException {
    Path out = Files.createTempFile("pando-test", ".out");
    Path err = Files.createTempFile("pando-test", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(new java.io.File("/dev/null"))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(environment);
    return new Running(builder.start(), out, err, limit, String.join(" ", command));
  }

  /** Runs a program to its end. */
  public static Result run(Duration limit, String... command)
      throws IOException, InterruptedException {
    return start(limit, List.of(command), Map.of()).await();
  }

  /** Runs a bash script to its end; {@code "$1"} and so on are the arguments. */
  public static Result bash(Duration limit, String script, Object... arguments)
      throws IOException, InterruptedException {
    return startBash(limit, script, arguments).await();
  }

  /** Starts a bash script. */
  public static Running startBash(Duration limit, String script, Object... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("bash", "-c", script, "test"));
    for (@Nullable Object argument : arguments) {
      command.add(String.valueOf(argument));
    }
    return start(limit, command, Map.of());
  }
}
