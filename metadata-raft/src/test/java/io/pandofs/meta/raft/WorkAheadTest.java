package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that answer ahead of the log, on nodes that run. */
class WorkAheadTest {
  private static final int FILES = 300;

  @TempDir Path dir;

  private static Request create(MetadataSession session, InodeId parent, String name)
      throws ErrnoException {
    return Tree.request(
        new Operation.Create(
            parent, Tree.name(name), session.nextInode(), FileType.REGULAR, 0644, 0, null, true));
  }

  /** A directory that is born with a lease of the session, which gives it back when asked. */
  private static InodeId leased(MetadataSession session, String name) throws Exception {
    InodeId made = session.nextInode();
    Operation create =
        new Operation.Create(
            InodeId.ROOT,
            Tree.name(name),
            made,
            FileType.DIRECTORY,
            CreateMode.of(0755),
            0,
            null,
            true,
            true);
    session.onRecall(
        inode ->
            session
                .submit(Tree.request(new Operation.ReleaseLeases(List.of(inode))))
                .thenAccept(reply -> {}));
    assertThat(session.submit(Tree.request(create)).get(30, TimeUnit.SECONDS).errno())
        .isEqualTo(Errno.OK);
    return made;
  }

  private static int count(MetadataSession session, InodeId directory) throws ErrnoException {
    try (MetadataView view = session.view()) {
      return view.readDirectory(directory, 0, 10 * FILES).size();
    }
  }

  @Test
  void whatALeaseCoversIsAnsweredAtOnceAndThereForOthersAfterARecall() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      MetadataSession here = cluster.follower().session();
      MetadataSession there = cluster.leader().session();
      InodeId d = leased(here, "d");
      int atOnce = 0;
      for (int i = 0; i < FILES; i++) {
        CompletableFuture<Reply> answer = here.perform(create(here, d, "f" + i));
        atOnce += answer.isDone() ? 1 : 0;
        assertThat(answer.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
        assertThat(count(here, d)).isEqualTo(i + 1);
      }
      // Not those behind a range of numbers, or of a node that is not sure of itself for a moment.
      assertThat(atOnce).isGreaterThan(FILES / 2);

      assertThat(seen(there, d)).isEqualTo(FILES);
      assertThat(here.logged().get(30, TimeUnit.SECONDS)).isTrue();
      assertThat(here.lost()).isZero();
      CompletableFuture<Reply> later = here.perform(create(here, d, "later"));
      assertThat(later.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
      assertThat(count(there, d)).isEqualTo(FILES + 1);
      cluster.assertAlike();
    }
  }

  private static int seen(MetadataSession session, InodeId directory) throws Exception {
    while (true) {
      try {
        return count(session, directory);
      } catch (ForeignLeaseException e) {
        Void unused =
            session.recall(e.holder(), e.inode(), Duration.ofSeconds(30)).get(30, TimeUnit.SECONDS);
      }
    }
  }

  /** The log answers what a lease covers before they have confirmed it. */
  @Test
  void othersSeeAllThatIsInTheLogThoughNodesConfirmLate() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      List<MetadataSession> sessions = new ArrayList<>();
      for (TestNode node : cluster.nodes) {
        sessions.add(node.session());
      }
      for (int round = 0; round < 12; round++) {
        MetadataSession here = sessions.get(round % 3);
        MetadataSession there = sessions.get((round + 1 + round % 2) % 3);
        InodeId d = leased(here, "d" + round);
        cluster.node((round + 1) % 3).muteConfirmations(Duration.ofMillis(150));
        for (int i = 0; i < 10; i++) {
          CompletableFuture<Reply> answer = here.perform(create(here, d, "f" + i));
          assertThat(answer.get(30, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
          assertThat(here.logged().get(30, TimeUnit.SECONDS)).isTrue();
          assertThat(count(here, d)).as("its own").isEqualTo(i + 1);
        }
        assertThat(seen(there, d)).isEqualTo(10);
        assertThat(count(here, d)).isEqualTo(10);
      }
      cluster.assertAlike();
    }
  }

  /** Several threads, whose answers the log has to repeat, through the loss of the leader. */
  @Test
  void theDeathOfTheLeaderLosesNothingThatWasAnswered() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode leader = cluster.leader();
      MetadataSession here = cluster.follower().session();
      InodeId d = leased(here, "d");
      List<CompletableFuture<Reply>> answers = new ArrayList<>();
      for (int i = 0; i < FILES; i++) {
        if (i == FILES / 2) {
          leader.kill();
        }
        answers.add(here.perform(create(here, d, "f" + i)));
      }
      for (CompletableFuture<Reply> answer : answers) {
        assertThat(answer.get(60, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
      }
      assertThat(here.logged().get(60, TimeUnit.SECONDS)).isTrue();
      assertThat(here.lost()).isZero();
      MetadataSession there = cluster.leader().session();
      assertThat(seen(there, d)).isEqualTo(FILES);
    }
  }

  @Test
  void whatWasAnsweredIsCountedAsLostWithTheSession() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode alone = cluster.follower();
      MetadataSession here = alone.session();
      InodeId d = leased(here, "d");
      for (TestNode node : cluster.nodes) {
        if (node != alone) {
          node.kill();
        }
      }
      CompletableFuture<Reply> answer = here.perform(create(here, d, "f"));
      assertThat(answer).isCompleted();
      assertThat(answer.join().errno()).isEqualTo(Errno.OK);
      CompletableFuture<Boolean> logged = here.logged();
      assertThat(logged).isNotDone();
      here.close();
      await().atMost(Duration.ofSeconds(30)).until(() -> here.expired().isDone());
      assertThat(logged.get(10, TimeUnit.SECONDS)).isFalse();
      assertThat(here.lost()).isEqualTo(1);
    }
  }
}
