package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A leader whose process is gone is replaced long before Raft's time-out. */
class LeaderLossTest {
  private static final Duration ELECTION_MIN = Duration.ofSeconds(5);
  private static final Duration SOONER = Duration.ofMillis(4500);

  @Test
  void aRefusedConnectionIsEnough(@TempDir Path dir) throws Exception {
    try (TestCluster cluster =
        new TestCluster(
            dir,
            3,
            node -> node.timing = node.timing.withElection(ELECTION_MIN, Duration.ofSeconds(6)))) {
      TestNode leader = cluster.leader();
      long term = leader.status().term();
      leader.kill();
      TestNode next =
          await().atMost(SOONER).until(() -> leading(cluster, leader), found -> found != null);
      assertThat(next.status().term()).isGreaterThan(term);
      cluster.assertAlike();
    }
  }

  /**
   * Ratis holds its lock while it reads an arrived checkpoint: sessions are renewed all the same.
   */
  @Test
  void whoCannotStandYetGoesOnWithItsDuties(@TempDir Path dir) throws Exception {
    try (TestCluster cluster =
        new TestCluster(
            dir,
            3,
            node -> node.timing = node.timing.withElection(ELECTION_MIN, Duration.ofSeconds(6)))) {
      TestNode leader = cluster.leader();
      TestNode first = cluster.follower();
      synchronized (first.replica().ratis().division()) {
        leader.kill();
        Thread standing =
            await()
                .atMost(Duration.ofSeconds(30))
                .until(LeaderLossTest::standing, found -> found != null);
        assertThat(standing.getName()).doesNotContain("duties");
      }
    }
  }

  private static Thread standing() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> Arrays.stream(thread.getValue()).anyMatch(LeaderLossTest::isStanding))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(null);
  }

  private static boolean isStanding(StackTraceElement frame) {
    return frame.getClassName().equals(LeaderLoss.class.getName())
        && frame.getMethodName().equals("stand");
  }

  private static TestNode leading(TestCluster cluster, TestNode former) throws Exception {
    for (TestNode node : cluster.nodes) {
      if (node != former && node.status().role().equals("LEADER")) {
        return node;
      }
    }
    return null;
  }
}
