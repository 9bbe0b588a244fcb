package io.pandofs.tests.programs;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.tests.agent.FuseConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The programs of {@code programs.sh}: each works on one mount, and what it made is checked on
 * others as soon as it has returned. A program that is not installed is a failure.
 */
public final class Programs {
  public static final List<String> NAMES =
      List.of("cp", "tar", "git", "sqlite", "vim", "fio", "edit");

  /** A step that went wrong, with what it printed. */
  public record Failure(String program, Path where, String output) {}

  private final Path scratch;
  private final Path source;
  private final Duration patience;

  /**
   * @param scratch a local directory for what the checks compare with
   * @param source a local tree for cp, tar and git to take
   * @param patience after which a step counts as hanging: its process is killed and the mount's
   *     connection aborted
   */
  public Programs(Path scratch, Path source, Duration patience) {
    this.scratch = scratch;
    this.source = source;
    this.patience = patience;
  }

  /** Runs every program on {@code mount} and checks each on {@code others} at once; what failed. */
  public List<Failure> run(Path mount, List<Path> others, String directory) {
    List<Failure> failures = new ArrayList<>();
    for (String program : NAMES) {
      write(program, mount, directory)
          .ifPresentOrElse(
              failures::add,
              () ->
                  others.forEach(
                      other -> check(program, other, directory).ifPresent(failures::add)));
    }
    return failures;
  }

  /** Runs one program below {@code mount/directory}. */
  public Optional<Failure> write(String program, Path mount, String directory) {
    return step("write", program, mount, "W", directory);
  }

  /** Checks on {@code mount} what {@link #write} made, there or elsewhere. */
  public Optional<Failure> check(String program, Path mount, String directory) {
    return step("check", program, mount, "R", directory);
  }

  private Optional<Failure> step(
      String step, String program, Path mount, String variable, String directory) {
    try {
      Path reference = Files.createDirectories(scratch.resolve(directory).resolve(program));
      Path output = reference.resolve(step + ".log");
      String where = mount.resolve(directory).resolve(program).toString();
      String command = step.equals("write") ? "mkdir -p \"$W\"\n" + script() : script();
      ProcessBuilder builder =
          new ProcessBuilder("bash", "-c", command, "programs.sh", step, program)
              .directory(reference.toFile());
      builder.environment().put(variable, where);
      builder.environment().put("REF", reference.toString());
      builder.environment().put("SOURCE", source.toString());
      Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
      process.getOutputStream().close();
      Optional<String> wrong = wrong(process, mount);
      return wrong.map(
          what -> new Failure(program, mount, step + " " + what + "\n" + tail(output)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted at " + program, e);
    }
  }

  private Optional<String> wrong(Process process, Path mount) throws InterruptedException {
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      FuseConnection.abort(mount);
      return Optional.of("hung for " + patience.toSeconds() + " s");
    }
    return process.exitValue() == 0
        ? Optional.empty()
        : Optional.of("ended with " + process.exitValue());
  }

  private static String tail(Path output) {
    try {
      String text = Files.readString(output, UTF_8);
      return text.substring(Math.max(0, text.length() - 2000));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String script() throws IOException {
    try (InputStream in = Programs.class.getResourceAsStream("programs.sh")) {
      if (in == null) {
        throw new IllegalStateException("no programs.sh");
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
