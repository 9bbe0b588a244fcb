package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.net.Payload;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.ControlAnswer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes whose mounts read without asking; what ends nodes comes last. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FreshReadsTest {
  private static TestCluster cluster;
  private static final List<MetadataSession> sessions = new ArrayList<>();

  @BeforeAll
  static void start(@TempDir Path dir) throws Exception {
    cluster = new TestCluster(dir, 3, node -> {});
    for (TestNode node : cluster.nodes) {
      sessions.add(node.session());
    }
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
  }

  private static void create(MetadataSession session, String name) throws Exception {
    assertThat(session.submit(Tree.create(session, name)).get(30, TimeUnit.SECONDS).errno())
        .isEqualTo(Errno.OK);
  }

  private static boolean sees(MetadataSession session, String name) throws ErrnoException {
    try (MetadataView view = session.view()) {
      view.lookup(InodeId.ROOT, Tree.name(name));
      return true;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      return false;
    }
  }

  @Test
  @Order(1)
  void aFreshNodeReadsWithoutAsking() throws Exception {
    create(sessions.get(0), "warm");
    for (int i = 0; i < 3; i++) {
      TestNode node = cluster.node(i);
      MetadataSession session = sessions.get(i);
      // A busy machine may lose a lease; some run of hundreds of reads must do without a question.
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                ReplicaStatus.Reads before = node.status().reads();
                for (int k = 0; k < 300; k++) {
                  assertThat(sees(session, "warm")).isTrue();
                }
                ReplicaStatus.Reads after = node.status().reads();
                return after.local() - before.local() == 300 && after.asked() == before.asked();
              });
    }
  }

  @Test
  @Order(2)
  void whatOneMountWasToldIsSeenByAllOthersWhileNodesAreSilentNowAndThen() throws Exception {
    Random random = new Random(1);
    int stale = 0;
    // As many as a busy machine gets done in that time; a few must be.
    SystemClock clock = new SystemClock();
    long deadline = clock.nanoTime() + TimeUnit.SECONDS.toNanos(12);
    for (int i = 0; i < 10 || (i < 2000 && clock.nanoTime() - deadline < 0); i++) {
      if (random.nextInt(30) == 0) {
        cluster.node(random.nextInt(3)).muteConfirmations(Duration.ofMillis(random.nextInt(400)));
      }
      MetadataSession writer = sessions.get(random.nextInt(3));
      create(writer, "seen" + i);
      for (MetadataSession reader : sessions) {
        stale += sees(reader, "seen" + i) ? 0 : 1;
      }
    }
    assertThat(stale).isZero();
  }

  @Test
  @Order(3)
  void twoReadersOneAfterTheOtherNeverGoBack() throws Exception {
    for (int i = 0; i < 60; i++) {
      String name = "order" + i;
      MetadataSession writer = sessions.get(i % 3);
      MetadataSession first = sessions.get((i + 1) % 3);
      MetadataSession second = sessions.get((i + 2) % 3);
      CompletableFuture<io.pandofs.meta.Reply> done = writer.submit(Tree.create(writer, name));
      boolean seen;
      do {
        seen = sees(first, name);
        assertThat(!seen || sees(second, name)).as("the later reader goes back").isTrue();
      } while (!seen);
      assertThat(done.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
    }
  }

  @Test
  @Order(4)
  void whatMakesNoSenseIsRefused() throws Exception {
    TestNode leader = cluster.leader();
    ConfirmRequest good =
        ConfirmRequest.newBuilder()
            .setNode(2)
            .setIncarnation(7)
            .setNumber(1)
            .setTerm(leader.status().term())
            .setApplied(1)
            .build();
    assertThat(confirm(leader, good)).isEqualTo(ControlAnswer.Status.OK);
    for (ConfirmRequest bad :
        List.of(
            good.toBuilder().setNode(77).build(),
            good.toBuilder().setNode(0).build(),
            good.toBuilder().setNode(-1).build(),
            good.toBuilder().setApplied(1_000_000).build(),
            good.toBuilder().setApplied(-2).build(),
            good.toBuilder().setNumber(-1).build(),
            good.toBuilder().setTerm(-1).build())) {
      assertThat(confirm(leader, bad)).as("%s", bad).isEqualTo(ControlAnswer.Status.REFUSED);
    }
    ConfirmRequest later = good.toBuilder().setTerm(good.getTerm() + 1).build();
    assertThat(confirm(leader, later)).isEqualTo(ControlAnswer.Status.NOT_LEADER);
  }

  private static ControlAnswer.Status confirm(TestNode leader, ConfirmRequest request)
      throws Exception {
    TestNode from = cluster.follower();
    try (Payload answer =
        leader
            .call(from, ControlMethods.CONFIRM, ControlCodec.payload(request))
            .get(10, TimeUnit.SECONDS)) {
      return ControlCodec.header(answer, ConfirmAnswer.parser()).getAnswer().getStatus();
    }
  }

  @Test
  @Order(5)
  void nothingIsStaleAfterTheLeaderIsKilled() throws Exception {
    TestNode leader = cluster.leader();
    List<MetadataSession> left = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      if (cluster.node(i) != leader) {
        left.add(sessions.get(i));
      }
    }
    create(left.get(0), "before");
    CompletableFuture<io.pandofs.meta.Reply> during =
        left.get(0).submit(Tree.create(left.get(0), "during"));
    leader.kill();
    assertThat(sees(left.get(1), "before")).isTrue();
    assertThat(during.get(60, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
    assertThat(sees(left.get(1), "during")).isTrue();
    for (int i = 0; i < 40; i++) {
      create(left.get(i % 2), "after" + i);
      assertThat(sees(left.get(1 - i % 2), "after" + i)).isTrue();
    }
  }
}
