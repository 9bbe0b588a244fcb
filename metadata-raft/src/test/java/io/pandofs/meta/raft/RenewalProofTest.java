package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.net.Payload;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.wire.ControlAnswer;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who renews sessions surely leads (PROTOCOL rule 7). */
class RenewalProofTest {
  @TempDir Path dir;

  /**
   * Ratis' own lease lasts as long as an election's time-out, which may be seconds: nobody's
   * session is renewed on the strength of it.
   */
  @Test
  void aLeaderThatIsAloneRenewsNobody() throws Exception {
    RaftTiming slow =
        RaftTiming.SHARED_CORES.withElection(Duration.ofSeconds(4), Duration.ofSeconds(5));
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = slow)) {
      TestNode leader = cluster.leader();
      MetadataSession session = leader.session();
      await().atMost(Duration.ofSeconds(20)).until(() -> leader.status().reads().fresh());
      assertThat(isRenewed(leader)).isTrue();
      List<CompletableFuture<Void>> cut = new ArrayList<>();
      for (TestNode node : cluster.nodes) {
        if (node != leader) {
          cut.add(CompletableFuture.runAsync(() -> cutOff(node)));
        }
      }
      for (CompletableFuture<Void> one : cut) {
        one.get(30, TimeUnit.SECONDS);
      }
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(5))
          .atMost(Duration.ofSeconds(20))
          .until(() -> !leader.status().reads().fresh());
      assertThat(leader.replica().ratis().leads()).as("still thinks that it leads").isTrue();
      // What the others confirmed before they were cut off may be taken in a moment later.
      await().atMost(Duration.ofSeconds(20)).until(() -> !isRenewed(leader));
      assertThat(session.expired()).isNotDone();
    }
  }

  private static void cutOff(TestNode node) {
    try {
      node.replica().ratis().close();
      node.hang();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As when the log's disk stands still and its queue is full. */
  @Test
  void aRenewalDoesNotWaitBehindAProposal() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 2, node -> {})) {
      TestNode leader = cluster.leader();
      TestNode other = cluster.follower();
      await().atMost(Duration.ofSeconds(30)).until(() -> isRenewed(leader));
      // Several times: whether a request is done with before its next step is there is chance.
      for (int i = 0; i < 12; i++) {
        CompletableFuture<Payload> proposed;
        synchronized (leader.replica().ratis().division()) {
          proposed =
              leader.call(
                  other,
                  ControlMethods.PROPOSE,
                  ControlCodec.payload(
                      ControlAnswer.getDefaultInstance(),
                      LogCodec.encode(new LogEntry.HashTables())));
          await()
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(5))
              .atMost(Duration.ofSeconds(20))
              .until(RenewalProofTest::isProposalHeldUp);
          await().atMost(Duration.ofSeconds(20)).until(() -> isRenewed(leader));
          assertThat(isProposalHeldUp()).isTrue();
        }
        proposed.handle((answer, failure) -> null).get(30, TimeUnit.SECONDS);
      }
    }
  }

  private static boolean isProposalHeldUp() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(
            thread ->
                thread.getName().contains("-order-") && thread.getState() == Thread.State.BLOCKED);
  }

  private static boolean isRenewed(TestNode leader) throws Exception {
    RenewRequest request =
        RenewRequest.newBuilder()
            .setNode(leader.status().node().value())
            .setWallMillis(System.currentTimeMillis())
            .build();
    try (Payload told =
        leader
            .call(leader, ControlMethods.RENEW, ControlCodec.payload(request))
            .get(2, TimeUnit.SECONDS)) {
      return ControlCodec.header(told, RenewAnswer.parser()).getAnswer().getStatus()
          == ControlAnswer.Status.OK;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }
}
