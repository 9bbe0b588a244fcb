package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Programs that wait for a majority that is not there can be killed, and the mount can be taken
 * away from under them. Through libfuse2 a killed program ends with the mount's patience, through
 * {@code direct} long before that.
 */
@Tag("fuse")
@Tag("full")
final class KilledCallerTest {
  private static final Duration STEP = Duration.ofSeconds(60);

  /** Much longer than it takes, and much shorter than the patience with {@code direct}. */
  private static final Duration SOON = Duration.ofSeconds(25);

  private static final String STATE =
      "getfattr --absolute-names --only-values -n user.pando.state \"$1\"";

  private static final List<String> CALLS =
      List.of(
          "exec ls \"$1\"",
          "exec cat \"$1/f\"",
          "exec mkdir \"$1/d\"",
          "exec touch \"$1/new\"",
          "exec mv \"$1/f\" \"$1/g\"",
          "exec rm \"$1/f\"");

  /** With libfuse2 one alone: who waits there for a kernel lock is not killed before its holder. */
  @Test
  @Timeout(value = 12, unit = TimeUnit.MINUTES)
  void withJnrTheyEndWithTheMountsPatience() throws IOException, InterruptedException {
    killedAndTakenAway("jnr", "30s", List.of());
  }

  @Test
  @Timeout(value = 12, unit = TimeUnit.MINUTES)
  void withDirectTheyEndAtOnce() throws IOException, InterruptedException {
    killedAndTakenAway("direct", "3min", CALLS);
  }

  /** The calls are to end long before the patience does, another one with it. */
  private static void killedAndTakenAway(String transport, String patience, List<String> calls)
      throws IOException, InterruptedException {
    try (DevCluster cluster = DevCluster.up(3, transport)) {
      Path mount = cluster.mount(1);
      Commands.bash(STEP, "echo there > \"$1/f\" && sync \"$1/f\"", mount).ok();
      cluster.stop(1);
      Path config = cluster.config(1);
      Files.writeString(
          config, "quorum_loss = \"wait:" + patience + "\"\n" + Files.readString(config));
      cluster.start(1);
      cluster.kill(2);
      cluster.kill(3);
      // Until the mount knows, also a look at its root waits.
      Awaitility.await()
          .atMost(STEP)
          .untilAsserted(
              () ->
                  assertThat(Commands.bash(Duration.ofSeconds(5), STATE, mount).out())
                      .isNotEqualTo("ok"));
      for (String call : calls) {
        Commands.Running caller = waiting(SOON, call, mount);
        caller.kill();
        assertThat(caller.await().code()).as(call).isNotZero();
      }
      Commands.Running caller = waiting(STEP, CALLS.get(0), mount);
      // Busy, as the one that waits has the root, which it says at once.
      Commands.bash(Duration.ofSeconds(5), "umount \"$1\" || umount -l \"$1\"", mount).ok();
      caller.kill();
      assertThat(caller.await().code()).isNotZero();
      cluster.stop(1);
      cluster.up();
      assertThat(Commands.bash(STEP, "cat \"$1/f\" || cat \"$1/g\"", mount).out())
          .isIn("there\n", "");
      Commands.bash(STEP, "echo again > \"$1/again\" && cat \"$2/again\"", mount, cluster.mount(2))
          .ok();
    }
  }

  /** A call that the kernel waits for. Looks are answered for a moment yet, and repeated. */
  private static Commands.Running waiting(Duration limit, String call, Path mount) {
    return Awaitility.await()
        .atMost(STEP)
        .until(
            () -> {
              Commands.Running caller = Commands.startBash(limit, call, mount);
              return waits(caller) ? Optional.of(caller) : Optional.<Commands.Running>empty();
            },
            Optional::isPresent)
        .orElseThrow();
  }

  private static boolean waits(Commands.Running caller) throws IOException, InterruptedException {
    Path where = Path.of("/proc", String.valueOf(caller.pid()), "wchan");
    while (caller.isAlive()) {
      try {
        if (Files.readString(where).contains("request_wait")) {
          return true;
        }
      } catch (NoSuchFileException e) {
        break;
      }
    }
    caller.await().ok();
    return false;
  }
}
