package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.rocksdb.RocksMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftPeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Removals that ended between the entry and the change of the voters. */
class BrokenOffRemovalTest {
  @TempDir Path dir;

  private static void awaitVoters(TestNode node, Set<NodeId> voters) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(TestCluster.voters(node)).isEqualTo(voters));
  }

  /** As when the leader that was asked dies after the entry: nobody can name the node any more. */
  @Test
  void theLeaderTakesOutAVoterThatIsNoMember() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode leader = cluster.leader();
      TestNode gone = cluster.follower();
      NodeId goneId = gone.status().node();
      Set<NodeId> rest = new HashSet<>(TestCluster.voters(leader));
      rest.remove(goneId);
      leader.propose(new LogEntry.RemoveNode(goneId));
      awaitVoters(leader, rest);
      MembershipTest.fill(leader, "a", 10);
      // The leader that goes itself hands over first.
      NodeId self = leader.status().node();
      TestNode last =
          cluster.nodes.stream().filter(node -> node != leader && node != gone).findFirst().get();
      leader.propose(new LogEntry.RemoveNode(self));
      rest.remove(self);
      awaitVoters(last, rest);
      MembershipTest.fill(last, "b", 10);
    }
  }

  /**
   * The leader that was asked dies after the entry, and the one that goes is needed for a majority
   * until it is back: a new leader must not take it for alive because it has just begun to lead.
   */
  @Test
  void aNewLeaderDoesNotCountOnTheOneThatDied() throws Exception {
    TestNode asked = new TestNode(dir, "n1");
    asked.timing = unhurried(); // so that it leaves the rest to the next leader
    TestNode next = new TestNode(dir, "n2");
    TestNode gone = new TestNode(dir, "n3");
    try (asked;
        next;
        gone) {
      asked.bootstrap();
      next.join(asked);
      gone.join(asked);
      final NodeId askedId = asked.status().node();
      final NodeId nextId = next.status().node();
      final NodeId goneId = gone.status().node();
      next.replica().admin().transfer(askedId);
      LogReply removed = asked.propose(new LogEntry.RemoveNode(goneId));
      assertThat(removed.status()).isEqualTo(LogReply.Status.OK);
      asked.kill();
      // Asked as soon as there is a leader, again and again while it cannot tell.
      assertThatThrownBy(() -> next.replica().admin().checkRemoval(goneId))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("no majority");
      MembershipTest.fill(next, "a", 5);
      assertThat(TestCluster.voters(next)).isEqualTo(Set.of(askedId, nextId, goneId));
      asked.timing = RaftTiming.SHARED_CORES;
      asked.start();
      awaitVoters(next, Set.of(askedId, nextId));
    }
  }

  @Test
  void aRemovalMayBeAskedForAgainAfterItsEntry() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = unhurried())) {
      TestNode leader = cluster.leader();
      NodeId gone = cluster.follower().status().node();
      leader.propose(new LogEntry.RemoveNode(gone));
      assertThat(TestCluster.voters(leader)).contains(gone);
      leader.replica().admin().remove(gone);
      assertThat(TestCluster.voters(leader)).hasSize(2).doesNotContain(gone);
    }
  }

  /**
   * One comes while another has still to go: two steps, or two halves could each have a majority.
   */
  @Test
  void theVotersChangeOneAtATime() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = unhurried());
        TestNode fresh = new TestNode(dir, "fresh")) {
      TestNode leader = cluster.leader();
      NodeId gone = cluster.follower().status().node();
      Set<NodeId> all = new HashSet<>(TestCluster.voters(leader));
      leader.propose(new LogEntry.RemoveNode(gone));
      fresh.timing = unhurried();
      fresh.join(leader);
      all.add(fresh.status().node());
      assertThat(TestCluster.voters(leader)).isEqualTo(all).contains(gone);
      List<RaftPeer> half = leader.replica().ratis().votingPeers().subList(0, 2);
      assertThatThrownBy(() -> leader.replica().ratis().setPeers(half).get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(RefusedException.class)
          .hasMessageContaining("one node at a time");
      leader.replica().admin().remove(gone);
      all.remove(gone);
      awaitVoters(leader, all);
    }
  }

  /** One that is alive, and may be needed for the first to go. */
  @Test
  void nobodyElseIsRemovedMeanwhile() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = unhurried())) {
      TestNode leader = cluster.leader();
      final NodeId self = leader.status().node();
      final NodeId gone = cluster.follower().status().node();
      Set<NodeId> all = TestCluster.voters(leader);
      NodeId next =
          all.stream().filter(node -> !node.equals(self) && !node.equals(gone)).findFirst().get();
      leader.propose(new LogEntry.RemoveNode(gone));
      ClusterAdmin admin = leader.replica().admin();
      CompletableFuture<ClusterAdmin.Group> second = new CompletableFuture<>();
      Thread asks =
          new Thread(
              () -> {
                try {
                  second.complete(admin.remove(next));
                } catch (IOException e) {
                  second.completeExceptionally(e);
                }
              });
      asks.start();
      await()
          .during(Duration.ofSeconds(1))
          .untilAsserted(() -> assertThat(TestCluster.voters(leader)).isEqualTo(all));
      assertThat(second).isNotDone();
      admin.remove(gone);
      assertThat(second.get(60, TimeUnit.SECONDS).peers()).containsOnlyKeys(self);
      asks.join();
    }
  }

  /** So that the leader does not finish it by itself. */
  private static RaftTiming unhurried() {
    return RaftTiming.SHARED_CORES.withSession(Duration.ofMinutes(5), Duration.ofMinutes(1));
  }

  /**
   * A power cut between the entry and the change of the voters: the vote of the one that goes is
   * still needed, for an election and for that change. Then it goes, for good.
   */
  @Test
  void whoWasRemovedVotesUntilTheGroupHasLetItGo() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 2, node -> node.timing = unhurried())) {
      TestNode stays = cluster.leader();
      final TestNode gone = cluster.follower();
      final NodeId goneId = gone.status().node();
      final NodeId staysId = stays.status().node();
      stays.propose(new LogEntry.RemoveNode(goneId));
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(gone.status().failure()).contains("was removed"));
      stays.kill();
      gone.kill();
      stays.start();
      gone.start();
      CompletableFuture<ReplicaFailure> end = gone.replica().ended();
      stays.replica().admin().remove(goneId);
      assertThat(end.get(30, TimeUnit.SECONDS).kind()).isEqualTo(ReplicaFailure.Kind.REMOVED);
      assertThat(end.join().reason()).contains("was removed");
      assertThatThrownBy(gone::session).isInstanceOf(ErrnoException.class);
      awaitVoters(stays, Set.of(staysId));
      MembershipTest.fill(stays, "a", 10);
      gone.kill();
      assertThatThrownBy(gone::start).hasMessageContaining("was removed from the cluster");
      gone.close();
    }
  }

  /** Killed after the group had decided, and before it heard of that: nobody calls it any more. */
  @Test
  void whoIsStartedAfterTheGroupHasLetItGoLearnsOfIt() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 2, node -> {})) {
      TestNode stays = cluster.leader();
      TestNode gone = cluster.follower();
      final NodeId staysId = stays.status().node();
      stays.propose(new LogEntry.RemoveNode(gone.status().node()));
      awaitVoters(stays, Set.of(staysId));
      gone.kill();
      try {
        gone.start();
      } catch (RefusedException e) {
        return; // it had heard of it before it was killed
      }
      assertThat(gone.replica().ended().get(30, TimeUnit.SECONDS).kind())
          .isEqualTo(ReplicaFailure.Kind.REMOVED);
      MembershipTest.fill(stays, "a", 10);
    }
  }

  @Test
  void nothingIsWrittenOverARemoval() throws Exception {
    Identity member = new Identity(1, new NodeId(2), 3, 0, Identity.Stage.MEMBER, List.of());
    try (DataDirectory data = DataDirectory.lock(dir.resolve("one"))) {
      data.found(member);
      data.write(member.removed());
      assertThatThrownBy(() -> data.write(member.member()))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("was removed");
      assertThat(data.identity()).isEqualTo(member.removed());
    }
  }

  @Test
  void aSurvivorWhoseRemovedPeerStillVotesCanBeRecovered() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 2, node -> node.timing = unhurried())) {
      TestNode survivor = cluster.leader();
      TestNode gone = cluster.follower();
      NodeId goneId = gone.status().node();
      survivor.propose(new LogEntry.RemoveNode(goneId));
      assertThat(TestCluster.voters(survivor)).contains(goneId);
      survivor.replica().checkpoint().get();
      gone.kill();
      survivor.close();
      try (DataDirectory data = DataDirectory.lock(survivor.dataDir);
          RocksMemory memory = new RocksMemory(16 << 20, 8 << 20);
          Recovery recovery = Recovery.open(data, memory)) {
        assertThat(recovery.lost()).isEmpty();
        assertThat(recovery.lostVoters()).containsExactly(goneId);
        recovery.commit();
      }
      survivor.start();
      MembershipTest.fill(survivor, "a", 10);
      assertThat(TestCluster.voters(survivor)).hasSize(1);
    }
  }
}
