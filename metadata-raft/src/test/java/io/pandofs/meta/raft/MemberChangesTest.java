package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.wire.MemberMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Removal, transfer of leadership, moved nodes, and going on with a survivor. */
class MemberChangesTest {
  @TempDir Path dir;

  private static NodeId id(TestNode node) throws Exception {
    return node.status().node();
  }

  @Test
  void aLeaderIsRemovedAndTheRestGoesOnDownToOne() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      MembershipTest.fill(cluster.leader(), "a", 20);
      TestNode leader = cluster.leader();
      NodeId gone = id(leader);
      TestNode asked = cluster.follower();
      CompletableFuture<ReplicaFailure> told = leader.replica().failed();
      asked.replica().admin().drain(gone);
      asked.replica().admin().remove(gone);
      assertThat(told.get(30, TimeUnit.SECONDS).reason()).contains("removed");
      assertThat(TestCluster.voters(asked)).hasSize(2).doesNotContain(gone);
      leader.kill();
      assertThatThrownBy(leader::start).hasMessageContaining("was removed from the cluster");
      leader.close();
      NodeId self = id(asked);
      NodeId other =
          TestCluster.voters(asked).stream().filter(node -> !node.equals(self)).findFirst().get();
      asked.replica().admin().remove(other);
      assertThat(TestCluster.voters(asked)).isEqualTo(Set.of(self));
      MembershipTest.fill(asked, "b", 20);
      assertThatThrownBy(() -> asked.replica().admin().remove(self))
          .hasMessageContaining("only voter");
    }
  }

  @Test
  void aRemovalThatWouldLoseTheMajorityIsRefused() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode leader = cluster.leader();
      TestNode dead = cluster.follower();
      final NodeId deadId = id(dead);
      TestNode alive =
          cluster.nodes.stream().filter(n -> n != leader && n != dead).findFirst().get();
      NodeId aliveId = id(alive);
      dead.kill();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> !leader.replica().admin().list().peers().get(deadId).isAlive());
      assertThatThrownBy(() -> leader.replica().admin().remove(aliveId))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("no majority");
      // It goes on to vote when its blocks are elsewhere.
      leader.replica().admin().drain(aliveId);
      leader.replica().admin().keep(aliveId);
      assertThatThrownBy(() -> leader.replica().admin().drain(new NodeId(99)))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("not a member");
      assertThat(TestCluster.voters(leader)).hasSize(3);
      // The dead one can go: the two others are a majority of what is left.
      leader.replica().admin().remove(deadId);
      assertThat(TestCluster.voters(leader)).hasSize(2);
      MembershipTest.fill(alive, "b", 10);
    }
  }

  /** Nothing is built on its life, and nothing of it is given up either. */
  @Test
  void whomANewLeaderHasNotHeardYetIsNeitherAliveNorDead() {
    MemberMessage.Builder peer = MemberMessage.newBuilder().setVoter(true).setSilentMillis(600);
    assertThat(ClusterAdmin.Peer.of(peer.build()).isAlive()).isFalse();
    assertThat(ClusterAdmin.Peer.of(peer.build()).mayLive()).isTrue();
    peer.setHeard(true);
    assertThat(ClusterAdmin.Peer.of(peer.build()).isAlive()).isTrue();
    peer.setSilentMillis(Peers.DEAD_MILLIS + 1);
    assertThat(ClusterAdmin.Peer.of(peer.build()).isAlive()).isFalse();
    assertThat(ClusterAdmin.Peer.of(peer.build()).mayLive()).isFalse();
  }

  @Test
  void theLeadershipIsHandedOver() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode to = cluster.follower();
      ClusterAdmin.Group group = to.replica().admin().transfer(id(to));
      assertThat(group.leader()).isEqualTo(id(to));
      assertThat(to.replica().admin().transfer(null).leader()).isNotEqualTo(id(to));
      NodeId dead = id(to);
      to.kill();
      TestNode leader = cluster.leader();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> !leader.replica().admin().list().peers().get(dead).mayLive());
      assertThatThrownBy(() -> leader.replica().admin().transfer(dead))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("cannot lead");
      assertThatThrownBy(() -> leader.replica().admin().transfer(new NodeId(99)))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("not a member");
    }
  }

  @Test
  void aMovedNodeIsReachedAtItsNewAddress() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode moved = cluster.follower();
      NodeId id = id(moved);
      moved.kill();
      moved.move();
      TestNode leader = cluster.leader();
      for (String taken : List.of(leader.control(), leader.raft())) {
        assertThatThrownBy(() -> leader.replica().admin().move(id, "", taken, ""))
            .isInstanceOf(RefusedException.class)
            .hasMessageContaining(taken + " is an address of " + id(leader));
      }
      leader.replica().admin().move(id, moved.control(), moved.raft(), "");
      MembershipTest.fill(leader, "while", 20);
      moved.start();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> moved.status().applied() >= leader.status().applied());
      // It votes: with it, the second node may be gone, under a new leader too.
      leader.kill();
      MembershipTest.fill(moved, "more", 10);
      cluster.assertAlike();
    }
  }

  @Test
  void aSurvivorGoesOnAndTheLostNeverComeBack() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      MembershipTest.fill(cluster.leader(), "a", 50);
      TestNode survivor = cluster.follower();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> survivor.status().applied() >= cluster.leader().status().applied());
      for (TestNode node : cluster.nodes) {
        node.kill();
      }
      recover(survivor);
      // Nor does it matter when the first start after it ends.
      survivor.start();
      survivor.kill();
      survivor.start();
      MetadataSession session = survivor.session();
      try (MetadataView view = session.view()) {
        view.lookup(InodeId.ROOT, Tree.name("a49"));
      }
      session.close();
      assertThat(TestCluster.voters(survivor)).isEqualTo(Set.of(id(survivor)));
      MembershipTest.fill(survivor, "b", 20);
      // The lost come back: a majority of what was, and nothing to the survivor, nor it to them.
      List<TestNode> lost = cluster.nodes.stream().filter(n -> n != survivor).toList();
      for (TestNode node : lost) {
        node.start();
      }
      TestNode old = leaderOf(lost);
      MembershipTest.fill(old, "old", 20);
      try (TestNode fresh = new TestNode(dir, "fresh")) {
        fresh.join(survivor);
        MembershipTest.fill(fresh, "c", 20);
        assertThat(TestCluster.voters(survivor)).hasSize(2);
        assertThat(fresh.status().node().value()).isGreaterThan(100);
        assertThat(has(survivor, "c19")).isTrue();
      }
      for (TestNode node : lost) {
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> node.status().applied() >= old.status().applied());
        assertThat(has(node, "old19")).isTrue();
        assertThat(has(node, "b19")).isFalse();
      }
      assertThat(has(survivor, "old19")).isFalse();
    }
  }

  private static TestNode leaderOf(List<TestNode> nodes) {
    return await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              for (TestNode node : nodes) {
                if (node.status().role().equals("LEADER")) {
                  return node;
                }
              }
              return null;
            },
            Objects::nonNull);
  }

  /** Whether a node's own tables have a name. */
  private static boolean has(TestNode node, String name) throws ErrnoException {
    try (MetadataView view = node.snapshot().view()) {
      view.lookup(InodeId.ROOT, Tree.name(name));
      return true;
    } catch (ErrnoException e) {
      assertThat(e.errno()).isEqualTo(Errno.ENOENT);
      return false;
    }
  }

  /** A power cut tears the record that was being written, before zeros that are there already. */
  @Test
  void aSurvivorWithATornLogGoesOn() throws Exception {
    try (TestNode survivor = new TestNode(dir, "torn")) {
      survivor.bootstrap();
      MembershipTest.fill(survivor, "a", 20);
      final long applied = survivor.status().applied();
      survivor.kill();
      DamageTest.appendTorn(DamageTest.log(survivor.dataDir));
      try (DataDirectory data = DataDirectory.lock(survivor.dataDir);
          RocksMemory memory = new RocksMemory(16 << 20, 8 << 20);
          Recovery recovery = Recovery.open(data, memory)) {
        assertThat(recovery.lastIndex()).isGreaterThanOrEqualTo(applied);
        recovery.commit();
      }
      survivor.start();
      MembershipTest.fill(survivor, "b", 20);
      MetadataSession session = survivor.session();
      try (MetadataView view = session.view()) {
        view.lookup(InodeId.ROOT, Tree.name("a19"));
      }
      session.close();
    }
  }

  private static void recover(TestNode node) throws Exception {
    try (DataDirectory data = DataDirectory.lock(node.dataDir);
        RocksMemory memory = new RocksMemory(16 << 20, 8 << 20);
        Recovery recovery = Recovery.open(data, memory)) {
      assertThat(recovery.lost()).hasSize(2);
      recovery.commit();
    }
  }
}
