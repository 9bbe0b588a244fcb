package io.pandofs.tools.setup;

import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.status.StatusClient;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A daemon that a command starts: in a session of its own, or in the foreground. */
public final class NodeProcess {
  private static final File NOTHING = new File("/dev/null");
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration ASK = Duration.ofSeconds(2);
  private static final int LOG_LINES = 8;

  private final NewNode node;
  private final Process process;
  private final boolean foreground;
  private final Clock clock;

  private NodeProcess(NewNode node, Process process, boolean foreground, Clock clock) {
    this.node = node;
    this.process = process;
    this.foreground = foreground;
    this.clock = clock;
  }

  /**
   * Starts the daemon of a node that has been set up.
   *
   * @param launcher the {@code pando} program
   * @param foreground it shares the command's terminal and ends with it
   */
  public static NodeProcess start(NewNode node, Path launcher, boolean foreground, Clock clock)
      throws IOException {
    ProcessBuilder builder =
        foreground
            ? new ProcessBuilder(launcher.toString(), "node", "--config", node.config().toString())
                .inheritIO()
                .redirectInput(NOTHING)
            : detached(launcher, node.config(), node.log());
    return new NodeProcess(node, builder.start(), foreground, clock);
  }

  /**
   * A daemon in a session of its own, so that it outlives the command and its terminal; its output
   * goes to the end of the log.
   */
  public static ProcessBuilder detached(Path launcher, Path config, Path log) {
    return new ProcessBuilder("setsid", launcher.toString(), "node", "--config", config.toString())
        .directory(new File("/"))
        .redirectInput(NOTHING)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .redirectErrorStream(true);
  }

  /** Returns when the node serves, its mount included. */
  public void awaitServing(Duration patience) throws Refusal, IOException, InterruptedException {
    long deadline = clock.nanoTime() + patience.toNanos();
    while (!serves()) {
      if (process.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new Refusal("The node ended" + lastWords());
      }
      if (clock.nanoTime() - deadline > 0) {
        throw new Refusal(
            "The node runs but is not ready after " + patience.toSeconds() + " s" + lastWords());
      }
    }
  }

  private boolean serves() {
    try {
      String state = new StatusClient(node.status()).status(ASK).text("state");
      return state.equals("ok") || state.equals("degraded");
    } catch (IOException e) {
      return false; // not listening yet
    }
  }

  private String lastWords() throws IOException {
    if (foreground || !Files.exists(node.log())) {
      return ".";
    }
    return "; the last lines of "
        + node.log()
        + ":\n  "
        + String.join("\n  ", LogTail.of(node.log(), LOG_LINES));
  }

  /** Waits for the end of a daemon in the foreground; a stop of this process is passed on. */
  public int await() throws InterruptedException {
    Thread hook = new Thread(process::destroy, "stop-daemon");
    Runtime.getRuntime().addShutdownHook(hook);
    return process.waitFor();
  }
}
