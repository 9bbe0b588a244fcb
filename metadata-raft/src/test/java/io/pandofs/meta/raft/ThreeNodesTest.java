package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** One cluster for all; what ends nodes comes last. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ThreeNodesTest {
  private static TestCluster cluster;

  @BeforeAll
  static void start(@TempDir Path dir) throws IOException {
    cluster = new TestCluster(dir, 3, node -> {});
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
  }

  @Test
  @Order(1)
  void growsFromOneToThreeVoters() throws Exception {
    for (TestNode node : cluster.nodes) {
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () ->
                  assertThat(TestCluster.voters(node))
                      .containsExactlyInAnyOrder(new NodeId(1), new NodeId(2), new NodeId(3)));
    }
    assertThat(cluster.node(0).status().volumeId()).isEqualTo(cluster.node(2).status().volumeId());
  }

  @Test
  @Order(2)
  void whatOneMountWasToldIsSeenByAllOthersAtOnce() throws Exception {
    List<MetadataSession> sessions = new ArrayList<>();
    for (TestNode node : cluster.nodes) {
      sessions.add(node.session());
    }
    int stale = 0;
    for (int i = 0; i < 400; i++) {
      MetadataSession writer = sessions.get(i % 3);
      Reply reply = writer.submit(Tree.create(writer, "stale" + i)).get(30, TimeUnit.SECONDS);
      assertThat(reply.errno()).isEqualTo(Errno.OK);
      for (MetadataSession reader : sessions) {
        try (MetadataView view = reader.view()) {
          view.lookup(InodeId.ROOT, Tree.name("stale" + i));
        } catch (io.pandofs.common.ErrnoException e) {
          stale++;
        }
      }
    }
    assertThat(stale).isZero();
    sessions.forEach(MetadataSession::close);
  }

  @Test
  @Order(3)
  void manyAtOnceOnAFollowerStayInOrder() throws Exception {
    MetadataSession session = cluster.follower().session();
    List<CompletableFuture<Reply>> creates = new ArrayList<>();
    List<CompletableFuture<Reply>> unlinks = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      creates.add(session.submit(Tree.create(session, "order" + i % 7)));
      unlinks.add(session.submit(Tree.unlink("order" + i % 7)));
    }
    for (CompletableFuture<Reply> reply : creates) {
      assertThat(reply.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
    }
    for (CompletableFuture<Reply> reply : unlinks) {
      assertThat(reply.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
    }
    session.close();
    cluster.assertAlike();
  }

  @Test
  @Order(4)
  void aKilledLeaderLosesAndDoublesNothing() throws Exception {
    TestNode leader = cluster.leader();
    TestNode follower = cluster.follower();
    MetadataSession session = follower.session();
    List<CompletableFuture<Reply>> ranges = new ArrayList<>();
    List<CompletableFuture<Reply>> creates = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      ranges.add(
          session.submit(Tree.request(new Operation.ReserveNumbers(NumberKind.BLOCK_SERIAL, 1))));
      creates.add(session.submit(Tree.create(session, "kill" + i)));
      if (i == 300) {
        ranges.get(100).get(30, TimeUnit.SECONDS);
        leader.kill();
      }
    }
    Set<Long> numbers = new HashSet<>();
    for (CompletableFuture<Reply> reply : ranges) {
      Reply granted = reply.get(60, TimeUnit.SECONDS);
      assertThat(granted.errno()).isEqualTo(Errno.OK);
      numbers.add(granted.number());
    }
    // A range that was granted twice would leave a hole behind.
    assertThat(numbers).hasSize(600);
    long span =
        numbers.stream().mapToLong(n -> n).max().orElseThrow()
            - numbers.stream().mapToLong(n -> n).min().orElseThrow();
    assertThat(span).isEqualTo(599);
    for (CompletableFuture<Reply> reply : creates) {
      assertThat(reply.get(60, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
    }
    leader.start();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> leader.status().applied() >= follower.status().applied());
    cluster.assertAlike();
    session.close();
  }
}
