package io.pandofs.tools.dev;

import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends signals to processes whose identity was just checked, and waits for their end. */
final class Signals {
  private Signals() {}

  /** Sends a signal by its name without SIG; does nothing to a process that is gone. */
  static void send(ProcessRef process, String signal) throws Refusal, InterruptedException {
    if (process.state() == ProcessRef.State.GONE) {
      return;
    }
    try {
      // The shell's own kill: /bin/kill is not on every machine.
      Process kill =
          new ProcessBuilder("sh", "-c", "kill -" + signal + " " + process.pid())
              .redirectErrorStream(true)
              .start();
      String said = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (kill.waitFor() != 0 && process.state() != ProcessRef.State.GONE) {
        throw new Refusal(
            "Cannot send SIG"
                + signal
                + " to process "
                + process.pid()
                + ": "
                + said.strip()
                + "; run this as the user who started it.");
      }
    } catch (IOException e) {
      throw new Refusal("Cannot run sh: " + e.getMessage() + ".", e);
    }
  }

  /** Waits until the process is gone; false when it is still there after the time. */
  static boolean awaitEnd(ProcessRef process, Duration patience) throws InterruptedException {
    Optional<ProcessHandle> handle = ProcessHandle.of(process.pid());
    if (handle.isEmpty() || process.state() == ProcessRef.State.GONE) {
      return true;
    }
    CompletableFuture<ProcessHandle> end = handle.get().onExit();
    try {
      end.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return process.state() == ProcessRef.State.GONE;
    } catch (ExecutionException e) {
      throw new IllegalStateException("waiting for process " + process.pid(), e);
    }
  }
}
