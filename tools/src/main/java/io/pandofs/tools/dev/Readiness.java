package io.pandofs.tools.dev;

import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Waits until nodes serve: their status endpoint says so. Gives up when the process ends. */
final class Readiness {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration ASK = Duration.ofSeconds(2);
  private static final int LOG_LINES = 8;

  private final Clock clock;
  private final Duration patience;

  Readiness(Clock clock, Duration patience) {
    this.clock = clock;
    this.patience = patience;
  }

  /** Waits for all of them, for at most the patience together. */
  void await(List<DevNode> nodes) throws Refusal, IOException, InterruptedException {
    long deadline = clock.nanoTime() + patience.toNanos();
    for (DevNode node : nodes) {
      if (!await(node, deadline)) {
        throw ended(node);
      }
    }
  }

  /** The same, but one that ends because it was removed from the cluster is not waited for. */
  void awaitMembers(List<DevNode> nodes) throws Refusal, IOException, InterruptedException {
    long deadline = clock.nanoTime() + patience.toNanos();
    for (DevNode node : nodes) {
      if (!await(node, deadline) && !Membership.ask(nodes).isRemoved(node)) {
        throw ended(node);
      }
    }
  }

  private static Refusal ended(DevNode node) throws IOException {
    return new Refusal(node.name() + " ended" + lastWords(node));
  }

  /** False when its process has ended. */
  private boolean await(DevNode node, long deadline)
      throws Refusal, IOException, InterruptedException {
    ProcessRef process =
        node.process().orElseThrow(() -> new IOException("no pid file in " + node.directory()));
    while (!serves(node)) {
      if (Signals.awaitEnd(process, POLL)) {
        return false;
      }
      if (clock.nanoTime() - deadline > 0) {
        throw new Refusal(
            node.name() + " is not ready after " + patience.toSeconds() + " s" + lastWords(node));
      }
    }
    return true;
  }

  /** Whether a status document tells of a node that serves. */
  static boolean serves(JsonObject status) {
    String state = status.text("state");
    return state.equals("ok") || state.equals("degraded");
  }

  private static boolean serves(DevNode node) {
    try {
      return serves(new StatusClient(node.status()).status(ASK));
    } catch (IOException e) {
      return false; // not listening yet
    }
  }

  private static String lastWords(DevNode node) throws IOException {
    return "; the last lines of "
        + node.log()
        + ":\n  "
        + String.join("\n  ", node.lastLogLines(LOG_LINES));
  }
}
