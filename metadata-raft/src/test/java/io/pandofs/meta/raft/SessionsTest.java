package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.log.LogEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Life and death of sessions, and of what they hold. */
class SessionsTest {
  private static final RaftTiming QUICK =
      RaftTiming.SHARED_CORES.withSession(Duration.ofSeconds(3), Duration.ofMillis(300));

  @TempDir Path dir;

  /** Whoever is closed before it met a leader asks for one no more. */
  @Test
  void nothingIsTriedForAReplicaThatIsClosed() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 2, node -> {})) {
      TestNode alone = cluster.follower();
      for (TestNode node : cluster.nodes) {
        node.kill();
      }
      alone.start();
      ScheduledThreadPoolExecutor scheduler =
          (ScheduledThreadPoolExecutor) alone.surroundings().scheduler();
      alone.replica().close();
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(30))
          .until(() -> scheduler.getQueue().isEmpty());
    }
  }

  @Test
  void anOrphanLivesWhileAnyoneHoldsItAndGoesWithItsHolder() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = QUICK)) {
      TestNode holderNode = cluster.follower();
      MetadataSession holder = holderNode.session();
      MetadataSession other = cluster.leader().session();
      InodeId held = other.nextInode();
      InodeId free = other.nextInode();
      assertThat(other.submit(Tree.create(held, "held")).join().errno()).isEqualTo(Errno.OK);
      assertThat(other.submit(Tree.create(free, "free")).join().errno()).isEqualTo(Errno.OK);
      holder.hold(held);
      try (MetadataView view = holder.view()) {
        view.attributes(held);
      }
      other.submit(Tree.unlink("held")).get(30, TimeUnit.SECONDS);
      other.submit(Tree.unlink("free")).get(30, TimeUnit.SECONDS);
      await().atMost(Duration.ofSeconds(20)).until(() -> gone(other, free));
      assertThat(gone(other, held)).isFalse();
      // Stays over several rounds of renewals, until it is let go.
      await()
          .during(Duration.ofSeconds(2))
          .atMost(Duration.ofSeconds(4))
          .until(() -> !gone(other, held));
      holder.release(held);
      await().atMost(Duration.ofSeconds(20)).until(() -> gone(other, held));

      InodeId dies = other.nextInode();
      other.submit(Tree.create(dies, "dies")).get(30, TimeUnit.SECONDS);
      holder.hold(dies);
      try (MetadataView view = holder.view()) {
        view.attributes(dies);
      }
      other.submit(Tree.unlink("dies")).get(30, TimeUnit.SECONDS);
      holderNode.kill();
      // Its session goes by silence, and the orphan with it.
      await().atMost(Duration.ofSeconds(30)).until(() -> gone(other, dies));
      assertThat(holder.expired()).isDone();
      assertThat(other.expired()).isNotDone();
    }
  }

  private static boolean gone(MetadataSession session, InodeId inode) throws ErrnoException {
    try (MetadataView view = session.view()) {
      view.attributes(inode);
      return false;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ESTALE) {
        return true;
      }
      throw e;
    }
  }

  @Test
  void aSessionThatIsExpiredIsFencedAndARestartEndsItsPredecessors() throws Exception {
    try (TestNode node = new TestNode(dir, "lone")) {
      node.timing = QUICK;
      node.bootstrap();
      MetadataSession session = node.session();
      assertThat(session.submit(Tree.create(session, "x")).join().errno()).isEqualTo(Errno.OK);
      node.kill();
      assertThat(session.submit(Tree.unlink("x")).join().errno()).isEqualTo(Errno.EIO);
      node.start();
      MetadataSession next = node.session();
      try (LocalSnapshot snapshot = node.snapshot()) {
        assertThat(snapshot.cluster().sessions())
            .extracting(s -> s.id())
            .containsExactly(next.id());
      }
      // Ended behind the mount's back, as a leader does that did not hear from it.
      node.propose(new LogEntry.ExpireSession(next.id()));
      await().atMost(Duration.ofSeconds(10)).until(() -> next.expired().isDone());
      assertThat(next.submit(Tree.unlink("x")).join().errno()).isEqualTo(Errno.EIO);
      org.assertj.core.api.Assertions.assertThatThrownBy(next::view)
          .isInstanceOf(ErrnoException.class);
    }
  }

  @Test
  void withoutAMajorityOperationsFailAfterTheirPatienceAndSessionsLiveOn() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 2, node -> node.timing = QUICK)) {
      TestNode stays = cluster.node(0);
      MetadataSession session =
          stays.replica().openSession(QuorumLoss.waiting(Duration.ofSeconds(2)));
      assertThat(session.submit(Tree.create(session, "x")).join().errno()).isEqualTo(Errno.OK);
      cluster.node(1).kill();
      InodeId late = session.nextInode();
      assertThat(session.submit(Tree.create(late, "late")).get(20, TimeUnit.SECONDS).errno())
          .isEqualTo(Errno.EIO);
      org.assertj.core.api.Assertions.assertThatThrownBy(session::view)
          .isInstanceOf(ErrnoException.class);
      // Longer than a session lives with a leader.
      await()
          .during(Duration.ofSeconds(4))
          .atMost(Duration.ofSeconds(6))
          .until(() -> !session.expired().isDone());
      cluster.node(1).start();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                try (MetadataView view = session.view()) {
                  return view.index() > 0;
                } catch (ErrnoException e) {
                  return false;
                }
              });
      // The number that was given up may have been used or not; what comes after it works.
      assertThat(session.submit(Tree.unlink("x")).get(20, TimeUnit.SECONDS).errno())
          .isEqualTo(Errno.OK);
      assertThat(session.expired()).isNotDone();
    }
  }

  @Test
  void aJumpOfTheLeadersClockEndsNobodysSessionAndKeepsNewOnesOut() throws Exception {
    ShiftedClock jumps = new ShiftedClock(0);
    try (TestCluster cluster =
        new TestCluster(
            dir,
            2,
            node -> {
              node.timing = QUICK;
              node.clock = node.name.equals("n1") ? jumps : node.clock;
            })) {
      assertThat(cluster.leader()).isSameAs(cluster.node(0));
      TestNode follower = cluster.node(1);
      MetadataSession session = follower.session();
      jumps.shift(3_600_000);
      // Longer than a session lives without renewals.
      await()
          .during(Duration.ofSeconds(5))
          .atMost(Duration.ofSeconds(7))
          .until(() -> !session.expired().isDone());
      assertThat(session.submit(Tree.create(session, "x")).get(30, TimeUnit.SECONDS).errno())
          .isEqualTo(Errno.OK);
      org.assertj.core.api.Assertions.assertThatThrownBy(follower::session)
          .isInstanceOf(ErrnoException.class)
          .hasMessageContaining("clock");
      jumps.shift(0);
      follower.session().close();
    }
  }

  /**
   * The entry is confirmed before its end reaches the mount, which may have to wait for a thread.
   */
  @Test
  void aSessionDoesNotSurelyLiveOnceItsEndIsApplied() throws Exception {
    try (TestNode node = new TestNode(dir, "lone")) {
      node.bootstrap();
      MetadataSession session = node.session();
      await().atMost(Duration.ofSeconds(10)).until(session::surelyLives);
      CountDownLatch over = new CountDownLatch(1);
      CompletableFuture<Void> busy = holdAnswers(session, over);
      node.propose(new LogEntry.ExpireSession(session.id()));
      assertThat(session.surelyLives()).isFalse();
      over.countDown();
      busy.get(30, TimeUnit.SECONDS);
    }
  }

  /** Has the thread that answers wait: not this one, on which a step runs that comes too late. */
  private static CompletableFuture<Void> holdAnswers(MetadataSession session, CountDownLatch until)
      throws Exception {
    Thread here = Thread.currentThread();
    CompletableFuture<Void> held;
    int tries = 0;
    do {
      held =
          session
              .submit(Tree.create(session, "x" + tries++))
              .thenRun(
                  () -> {
                    if (Thread.currentThread() != here) {
                      held(until);
                    }
                  });
    } while (held.isDone() && tries < 1000);
    assertThat(held).isNotDone();
    return held;
  }

  private static void held(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
