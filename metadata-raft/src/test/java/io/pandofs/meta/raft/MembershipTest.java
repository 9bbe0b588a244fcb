package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Payload;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Reply;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.SessionRenewal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.protocol.RaftPeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that come, go, and fall behind. */
class MembershipTest {
  /** Checkpoints and purges after a few entries. */
  private static final LogLimits TIGHT =
      new LogLimits(40, 1 << 20, Duration.ofMinutes(10), 2, 0, 16 << 10);

  @TempDir Path dir;

  @Test
  void aNodeThatFellBehindInstallsACheckpointWhileItsReadersGoOn() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = TIGHT)) {
      TestNode behind = cluster.follower();
      fill(cluster.leader(), "before", 20);
      // What the readers look for is durable there: a local view of a restarted node begins at its
      // last checkpoint.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> behind.status().applied() >= cluster.leader().status().applied());
      behind.replica().checkpoint().get(30, TimeUnit.SECONDS);
      int index = cluster.nodes.indexOf(behind);
      behind.kill();
      fill(cluster.leader(), "while", 320);
      for (TestNode node : cluster.nodes) {
        if (node.isRunning()) {
          node.replica().checkpoint().get(30, TimeUnit.SECONDS);
        }
      }
      fill(cluster.leader(), "more", 10);
      cluster.node(index).start();
      AtomicBoolean stop = new AtomicBoolean();
      AtomicLong reads = new AtomicLong();
      List<CompletableFuture<Void>> readers = readers(behind, stop, reads);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> behind.status().applied() >= cluster.leader().status().applied());
      stop.set(true);
      for (CompletableFuture<Void> reader : readers) {
        reader.get(30, TimeUnit.SECONDS);
      }
      assertThat(behind.resets.get()).as("checkpoints installed").isGreaterThanOrEqualTo(1);
      assertThat(reads.get()).isPositive();
      MetadataSession session = behind.session();
      try (MetadataView view = session.view()) {
        view.lookup(InodeId.ROOT, Tree.name("while319"));
        view.lookup(InodeId.ROOT, Tree.name("more9"));
      }
      cluster.assertAlike();
    }
  }

  /** Reads without end through short and long views, as mounts do. */
  private static List<CompletableFuture<Void>> readers(
      TestNode node, AtomicBoolean stop, AtomicLong reads) {
    List<CompletableFuture<Void>> readers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      readers.add(
          CompletableFuture.runAsync(
              () -> {
                while (!stop.get()) {
                  try (MetadataView view = node.replica().localView()) {
                    for (int j = 0; j < 50; j++) {
                      view.lookup(InodeId.ROOT, Tree.name("before" + j % 20));
                      view.readDirectory(InodeId.ROOT, 0, 100);
                      reads.incrementAndGet();
                    }
                  } catch (ErrnoException e) {
                    throw new AssertionError(e);
                  }
                }
              }));
    }
    return readers;
  }

  static void fill(TestNode node, String prefix, int count) throws Exception {
    MetadataSession session = node.session();
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      replies.add(session.submit(Tree.create(session, prefix + i)));
      if (i % 8 == 0) {
        // Waiting now and then makes more entries.
        replies.get(i).get(30, TimeUnit.SECONDS);
      }
    }
    for (CompletableFuture<Reply> reply : replies) {
      assertThat(reply.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
    }
    session.close();
  }

  @Test
  void anEmptiedNodeComesBackAsANewOne() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = TIGHT)) {
      fill(cluster.leader(), "a", 200);
      TestNode lost = cluster.follower();
      final NodeId was = lost.status().node();
      lost.kill();
      DurableFiles.deleteTree(lost.dataDir);
      assertThatThrownBy(lost::start).isInstanceOf(RefusedException.class);
      lost.close();
      fill(cluster.leader(), "b", 50);
      lost.join(cluster.leader());
      assertThat(lost.status().node().value()).isEqualTo(4);
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(TestCluster.voters(cluster.leader()))
                      .hasSize(3)
                      .contains(new NodeId(4))
                      .doesNotContain(was));
      assertThat(cluster.leader().replica().members()).hasSize(3);
      MetadataSession session = lost.session();
      try (MetadataView view = session.view()) {
        view.lookup(InodeId.ROOT, Tree.name("b49"));
      }
      cluster.assertAlike();
      TestNode leader = cluster.leader();
      if (leader != lost) {
        // The newcomer votes: with it alone the third node goes on.
        leader.kill();
        fill(lost, "c", 10);
      }
    }
  }

  @Test
  void mixedOrForeignDataIsRefused() throws Exception {
    TestNode node = new TestNode(dir, "mixed").bootstrap();
    assertThatThrownBy(() -> DataDirectory.lock(node.dataDir))
        .hasMessageContaining("in use by another process");
    node.close();
    DurableFiles.replace(
        node.dataDir.resolve("meta").resolve("STAMP"), "1234".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(node::start).hasMessageContaining("belongs to another node");
    node.close();
    DurableFiles.deleteTree(node.dataDir.resolve("meta"));
    assertThatThrownBy(node::start).hasMessageContaining("is missing or has no stamp");
    node.close();
    DurableFiles.deleteTree(node.dataDir.resolve("identity"));
    assertThatThrownBy(node::start).hasMessageContaining("identity");
    node.close();
  }

  @Test
  void aWrongClockIsRefused() throws Exception {
    try (TestNode first = new TestNode(dir, "first")) {
      first.bootstrap();
      TestNode other = new TestNode(dir, "other");
      other.clock = new ShiftedClock(-20_000);
      assertThatThrownBy(() -> other.join(first)).hasMessageContaining("clock");
      other.close();
    }
  }

  /** It may go on for as long as its sessions last, as it does not hear of its removal. */
  @Test
  void theSessionsOfARemovedNodeThatIsCutOffLastOutTheirTime() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode leader = cluster.leader();
      TestNode gone = cluster.follower();
      final NodeId goneId = gone.status().node();
      final MetadataSession session = gone.session();
      gone.hang();
      leader.propose(new LogEntry.RemoveNode(goneId));
      assertThat(isLive(leader, session)).isTrue();
      // Whatever of it still comes through does not make them last longer.
      RenewRequest renewal =
          RenewRequest.newBuilder()
              .setNode(goneId.value())
              .setWallMillis(System.currentTimeMillis())
              .addSessions(SessionRenewal.newBuilder().setSession(session.id().value()))
              .build();
      try (Payload told =
          leader
              .call(leader, ControlMethods.RENEW, ControlCodec.payload(renewal))
              .get(30, TimeUnit.SECONDS)) {
        assertThat(ControlCodec.header(told, RenewAnswer.parser()).getUnknownList())
            .containsExactly(session.id().value());
      }
      await().atMost(Duration.ofSeconds(30)).until(() -> !isLive(leader, session));
      gone.kill();
    }
  }

  @Test
  void aNodeThatHearsOfItsRemovalEndsItsSessionsAtOnce() throws Exception {
    RaftTiming unhurried =
        RaftTiming.SHARED_CORES.withSession(Duration.ofMinutes(5), Duration.ofMinutes(1));
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = unhurried)) {
      TestNode leader = cluster.leader();
      TestNode gone = cluster.follower();
      MetadataSession session = gone.session();
      leader.propose(new LogEntry.RemoveNode(gone.status().node()));
      session.expired().get(30, TimeUnit.SECONDS);
      await().atMost(Duration.ofSeconds(30)).until(() -> !isLive(leader, session));
    }
  }

  private static boolean isLive(TestNode node, MetadataSession session) {
    try (LocalSnapshot snapshot = node.snapshot()) {
      return snapshot.cluster().session(session.id()) != null;
    }
  }

  @Test
  void aNodeThatWasRemovedNoticesItAndSaysSo() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode leader = cluster.leader();
      List<TestNode> others = new ArrayList<>(cluster.nodes);
      others.remove(leader);
      CompletableFuture<ReplicaFailure> unvoted = others.get(0).replica().failed();
      CompletableFuture<ReplicaFailure> removed = others.get(1).replica().failed();
      RatisNode ratis = leader.replica().ratis();
      List<RaftPeer> rest = new ArrayList<>(ratis.division().getRaftConf().getCurrentPeers());
      rest.removeIf(
          peer -> {
            try {
              return RatisNode.nodeId(peer.getId()).equals(others.get(0).status().node());
            } catch (ErrnoException e) {
              throw new AssertionError(e);
            }
          });
      ratis.setPeers(rest).get(30, TimeUnit.SECONDS);
      assertThat(unvoted.get(30, TimeUnit.SECONDS).reason()).contains("no longer a voter");
      leader.propose(new LogEntry.RemoveNode(others.get(1).status().node()));
      assertThat(removed.get(30, TimeUnit.SECONDS).reason()).contains("was removed");
      assertThat(leader.replica().failed()).isNotDone();
    }
  }
}
