package io.pandofs.tests.pause;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.tests.agent.FuseConnection;
import io.pandofs.tests.agent.Scripts;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Writes small files with fsync in a process of its own until it is stopped, and tells the longest
 * pause. For tests that kill something meanwhile: start, kill, wait for what should come back,
 * stop, and look whether every acknowledged file is on the other mounts ({@link #faults}).
 */
public final class PauseMeter implements AutoCloseable {
  private static final Duration STOP_MAX = Duration.ofSeconds(60);

  private final Path directory;
  private final Process process;
  private final CountDownLatch ready = new CountDownLatch(1);
  private final CompletableFuture<List<String>> said = new CompletableFuture<>();

  private PauseMeter(Path directory, Process process) {
    this.directory = directory;
    this.process = process;
    Thread reader = new Thread(this::read, "pause-meter");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts writing into {@code directory}, which is made; returns when the first file is
   * acknowledged.
   */
  public static PauseMeter start(Path directory) throws InterruptedException {
    PauseMeter meter =
        new PauseMeter(directory, Scripts.python("pause_writer.py", "write", directory.toString()));
    if (!meter.ready.await(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
      meter.close();
      throw new IllegalStateException("nothing was written in " + directory);
    }
    return meter;
  }

  /** Stops and tells; fails when the writer hangs in a call for a minute. */
  public PauseReport stop() throws InterruptedException {
    try {
      process.getOutputStream().close();
      return report(said.get(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      close();
      throw new IllegalStateException("the writer in " + directory + " hangs", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What is wrong with the files of {@code report} as seen in {@code directory}: nothing, if each
   * is there with its bytes.
   */
  public static List<String> faults(Path directory, PauseReport report)
      throws InterruptedException {
    Process verifier =
        Scripts.python("pause_writer.py", "verify", directory.toString(), report.numbers());
    PauseMeter reading = new PauseMeter(directory, verifier);
    try {
      List<String> lines =
          new ArrayList<>(reading.said.get(10 * STOP_MAX.toMillis(), TimeUnit.MILLISECONDS));
      if (!lines.remove("verified")) {
        lines.add("the verifier ended early");
      }
      return lines;
    } catch (TimeoutException | ExecutionException e) {
      throw new IllegalStateException("reading back hangs in " + directory, e);
    } finally {
      reading.close();
    }
  }

  /** Sends a signal to the writer. */
  void signal(String name) throws IOException, InterruptedException {
    int status =
        new ProcessBuilder("bash", "-c", "kill -" + name + " " + process.pid()).start().waitFor();
    if (status != 0) {
      throw new IllegalStateException("kill answered " + status);
    }
  }

  private static PauseReport report(List<String> lines) {
    List<String> errors = lines.stream().filter(line -> line.startsWith("error")).toList();
    String[] done =
        lines.stream()
            .filter(line -> line.startsWith("done"))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("the writer ended early: " + lines))
            .split(" ", -1);
    return new PauseReport(
        Integer.parseInt(done[1]),
        Duration.ofNanos(Long.parseLong(done[2])),
        Duration.ofNanos(Long.parseLong(done[3])),
        errors,
        done[4]);
  }

  private void read() {
    List<String> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.equals("ready")) {
          ready.countDown();
        } else {
          lines.add(line);
        }
      }
      said.complete(lines);
    } catch (IOException e) {
      said.completeExceptionally(e);
    }
  }

  /** Kills the writer if it still runs; frees it from a mount that does not answer. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        FuseConnection.abort(directory);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
