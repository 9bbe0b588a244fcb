package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.meta.MetadataSession;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.util.CodeInjectionForTesting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Giving the leadership away when the log does not come to the disk. */
class HandOverTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Ratis calls it where the thread that writes a log begins. */
  private static final String LOG_WORKER = "SegmentedRaftLogWorker.runWorker";

  @TempDir Path dir;

  private static HandOver of(TestNode node) {
    RatisNode ratis = node.replica().ratis();
    return new HandOver(ratis, new Peers(ratis), Runnable::run);
  }

  private static void create(TestNode node, String name) throws Exception {
    MetadataSession session = node.session();
    session.submit(Tree.create(session.nextInode(), name)).get(30, TimeUnit.SECONDS);
  }

  /** Its first entry is not decided without its disk, and Ratis hands nothing over before. */
  @Test
  void aLeaderThatNeverGetsReadyStepsDown() throws Exception {
    CountDownLatch well = new CountDownLatch(1);
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode leader = cluster.leader();
      TestNode hurt = cluster.follower();
      await().atMost(LONG).until(() -> caughtUp(hurt, leader));
      hang(hurt.replica().ratis().division().getMemberId().toString(), well);
      hurt.close();
      hurt.make().start(Duration.ofSeconds(30));
      RatisNode ratis = hurt.replica().ratis();
      await()
          .atMost(LONG)
          .until(() -> ratis.isLeader() || ratis.stand(leader.replica().ratis().self()));
      await().atMost(LONG).until(ratis::isLeader);
      await().atMost(LONG).until(() -> ratis.lastIndex() > ratis.syncedIndex());
      await()
          .atMost(LONG)
          .until(() -> Peers.best(new Peers(ratis).otherVoters().values()).isPresent());

      assertThat(ratis.leads()).isFalse();
      of(hurt).handOver(ratis.syncedIndex());
      of(hurt).stepDown(ratis.syncedIndex());
      await().atMost(LONG).until(() -> cluster.leader() != hurt);
      create(leader, "one");

      well.countDown();
      await().atMost(LONG).until(() -> hurt.status().logStandsMillis() == 0);
      doNothingForDisksThatAreWell(cluster.leader());
    } finally {
      well.countDown();
      CodeInjectionForTesting.remove(LOG_WORKER);
    }
  }

  /** As when the thread that hands over has waited for the same disk. */
  private static void doNothingForDisksThatAreWell(TestNode leader) throws Exception {
    RatisNode ratis = leader.replica().ratis();
    long term = ratis.term();
    long before = ratis.syncedIndex();
    create(leader, "two");
    // The others have more than this disk had then, and would take the leadership.
    HandOver late = of(leader);
    late.handOver(before);
    late.stepDown(before);
    create(leader, "three");
    assertThat(ratis.isLeader()).isTrue();
    assertThat(ratis.term()).isEqualTo(term);
  }

  private static boolean caughtUp(TestNode follower, TestNode leader) {
    return follower.replica().ratis().syncedIndex() == leader.replica().ratis().lastIndex();
  }

  /** The log of this member is not written from its next start on. */
  private static void hang(String member, CountDownLatch until) {
    CodeInjectionForTesting.put(
        LOG_WORKER,
        (local, remote, queue) -> {
          if (Thread.currentThread().getName().startsWith(member)) {
            try {
              until.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return true;
        });
  }
}
