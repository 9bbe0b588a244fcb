package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A {@link MountProcess} and its directory. A watchdog kills the process and aborts the kernel's
 * connection if the test takes too long, so that nothing that hangs on the mount hangs for ever.
 */
final class MountedVolume implements AutoCloseable {

  private static final int WATCHDOG_SECONDS = 150;
  private static final int COMMAND_SECONDS = 120;
  private static final int END_SECONDS = 30;

  private final Path mountPoint;
  private final Process server;
  private final String greeting;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final ScheduledFuture<?> watchdog;

  private MountedVolume(Path mountPoint, Process server, String greeting) {
    this.mountPoint = mountPoint;
    this.server = server;
    this.greeting = greeting;
    this.watchdog = clock.schedule(this::kill, WATCHDOG_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Starts a server and waits for its first word.
   *
   * @param transport as {@link MountProcess} knows it
   * @param more perhaps a second mount point, which is not cleaned up if all goes wrong
   */
  static MountedVolume start(String transport, Path mountPoint, Path log, Path... more)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx700m",
                "-Dfile.encoding=UTF-8",
                "-cp",
                System.getProperty("java.class.path"),
                MountProcess.class.getName(),
                transport,
                mountPoint.toString()));
    for (Path place : more) {
      command.add(place.toString());
    }
    Process server = new ProcessBuilder(command).redirectError(log.toFile()).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    while (line != null && !line.startsWith("mounted") && !line.startsWith("refused")) {
      line = out.readLine();
    }
    return new MountedVolume(mountPoint, server, line == null ? "died" : line);
  }

  /** "mounted PLACE", or "refused REASON SENTENCE". */
  String greeting() {
    return greeting;
  }

  Path root() {
    return mountPoint;
  }

  /** Runs a program in the mount; its output. It must succeed. */
  String run(String... command) throws Exception {
    return run(mountPoint, command);
  }

  static String run(Path directory, String... command) throws Exception {
    Path output = Files.createTempFile("pando-command", ".out");
    try {
      List<String> limited = new ArrayList<>(List.of("timeout", "" + COMMAND_SECONDS));
      limited.addAll(List.of(command));
      ProcessBuilder builder =
          new ProcessBuilder(limited)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(output.toFile());
      builder.environment().put("LC_ALL", "C.UTF-8");
      int code = builder.start().waitFor();
      String text = Files.readString(output);
      assertThat(code).as("%s: %s", String.join(" ", command), text).isZero();
      return text;
    } finally {
      Files.delete(output);
    }
  }

  /** As a power cut would: nothing is flushed, the mount stays behind dead. */
  void killHard() throws InterruptedException {
    server.destroyForcibly();
    assertThat(server.waitFor(END_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /** Lets the server unmount; whether it ended in time. */
  boolean stop() throws IOException {
    if (server.isAlive()) {
      server.getOutputStream().close();
    }
    try {
      return server.waitFor(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void kill() {
    try {
      Optional<MountTable.Row> row = MountTable.at(mountPoint);
      server.destroyForcibly();
      if (row.isPresent() && row.get().type().equals(Transport.FILESYSTEM_TYPE)) {
        abort(row.get().minor());
        MountPointCheck.detach(mountPoint);
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot clean up " + mountPoint, e);
    }
  }

  /** For a server that hangs in the kernel; the death of any other ends its connection as well. */
  private static void abort(int connection) {
    try {
      FuseControl.abort(connection);
    } catch (IOException e) {
      System.out.println("connection " + connection + " is not aborted: " + e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (!stop()) {
        throw new AssertionError("the server does not end");
      }
      assertThat(MountTable.at(mountPoint)).isEmpty();
    } finally {
      watchdog.cancel(false);
      clock.shutdownNow();
      kill();
    }
  }
}
