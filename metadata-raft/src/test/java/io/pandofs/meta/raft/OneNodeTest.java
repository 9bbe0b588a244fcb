package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OneNodeTest {
  @TempDir Path dir;

  @Test
  void committedStateSurvivesACrashAndARestart() throws Exception {
    try (TestNode node = new TestNode(dir, "a").bootstrap()) {
      MetadataSession session = node.session();
      for (int i = 0; i < 50; i++) {
        assertThat(session.submit(Tree.create(session, "f" + i)).join().errno())
            .isEqualTo(Errno.OK);
      }
      node.kill();
      node.start();
      MetadataSession after = node.session();
      try (MetadataView view = after.view()) {
        for (int i = 0; i < 50; i++) {
          assertThat(view.lookup(InodeId.ROOT, Tree.name("f" + i)).isRegular()).isTrue();
        }
      }
      assertThat(after.id().value()).isGreaterThan(session.id().value());
      assertThat(after.submit(Tree.create(after, "f0")).join().errno()).isEqualTo(Errno.EEXIST);
    }
  }

  /** Ratis replays from the last checkpoint; the tables may be ahead of it. */
  @Test
  void whatTheTablesHoldAlreadyIsNotAppliedAgainAfterARestart() throws Exception {
    try (TestNode node = new TestNode(dir, "a").bootstrap()) {
      MetadataSession session = node.session();
      assertThat(session.submit(Tree.create(session, "f")).join().errno()).isEqualTo(Errno.OK);
      node.replica().checkpoint().get(30, TimeUnit.SECONDS);
      node.kill();
      DurableFiles.deleteTree(node.dataDir.resolve("meta").resolve("checkpoints"));
      node.start();
      assertThat(node.session().id().value()).isEqualTo(session.id().value() + 1);
      try (LocalSnapshot snapshot = node.snapshot()) {
        assertThat(snapshot.cluster().nodes())
            .extracting(member -> member.id())
            .containsExactly(node.status().node());
      }
    }
  }

  @Test
  void aCheckpointIsMadeInTimeHoweverLittleIsNew() throws Exception {
    try (TestNode node = new TestNode(dir, "a")) {
      LogLimits many = LogLimits.DEFAULT;
      node.limits =
          new LogLimits(
              many.checkpointEntries(),
              many.checkpointBytes(),
              Duration.ofSeconds(2),
              many.checkpointsKept(),
              many.entriesKept(),
              many.segmentBytes());
      MetadataSession session = node.bootstrap().session();
      assertThat(session.submit(Tree.create(session, "f")).join().errno()).isEqualTo(Errno.OK);
      long written = node.status().applied();
      await().atMost(Duration.ofSeconds(30)).until(() -> node.status().checkpoint() >= written);
    }
  }
}
