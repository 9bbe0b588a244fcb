package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Others hold the blocks of a node that is away for long, until it is back. */
@Tag("fuse")
@Tag("full")
final class AbsenceTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int NODES = 4;

  @Test
  void aNodeThatIsAwayIsReplacedAndTakenBack() throws IOException, InterruptedException {
    try (DevCluster cluster = DevCluster.up(NODES)) {
      cluster.dev(LONG, "down").ok();
      for (int node = 1; node <= NODES; node++) {
        Path config = cluster.config(node);
        Files.writeString(config, "node_out_after = \"5s\"\n" + Files.readString(config));
      }
      cluster.up();
      Commands.bash(LONG, "head -c 24M /dev/urandom > \"$1/f\" && sync \"$1/f\"", cluster.mount(1))
          .ok();
      int away = cluster.leader() == NODES ? NODES - 1 : NODES;
      int there = away == 1 ? 2 : 1;
      cluster.kill(away);
      Awaitility.await()
          .atMost(LONG)
          .untilAsserted(() -> assertThat(out(cluster, there, away)).isTrue());
      // Three are left, and three copies are kept: each of them holds every block.
      Awaitility.await()
          .atMost(LONG)
          .untilAsserted(
              () -> {
                List<JsonObject> blocks = blocks(cluster, away);
                assertThat(blocks).allMatch(one -> one.number("need_blocks") == 0);
                assertThat(blocks).allMatch(one -> one.number("stored_bytes") >= 24 << 20);
              });
      cluster.start(away);
      Awaitility.await()
          .atMost(LONG)
          .untilAsserted(
              () -> {
                assertThat(out(cluster, there, away)).isFalse();
                assertThat(blocks(cluster, 0)).allMatch(one -> one.number("need_blocks") == 0);
              });
      Commands.bash(LONG, "cmp \"$1/f\" \"$2/f\"", cluster.mount(there), cluster.mount(away)).ok();
    }
  }

  private static boolean out(DevCluster cluster, int by, int node)
      throws IOException, InterruptedException {
    return cluster.status().objects("nodes").get(by - 1).object("status").objects("peers").stream()
        .anyMatch(peer -> peer.text("id").equals("n" + node) && peer.flag("out"));
  }

  private static List<JsonObject> blocks(DevCluster cluster, int butFor)
      throws IOException, InterruptedException {
    List<JsonObject> all = cluster.status().objects("nodes");
    return IntStream.rangeClosed(1, NODES)
        .filter(node -> node != butFor)
        .mapToObj(node -> all.get(node - 1).object("status").object("blocks"))
        .toList();
  }
}
