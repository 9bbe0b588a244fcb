package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A batch whose answer was lost is sent again when nothing of the first try is left in anybody's
 * memory: Ratis remembers answers for a second, the log was purged behind a checkpoint, the leader
 * is another one, and all nodes but one were restarted.
 */
class RetryOverCutTest {
  private static final LogLimits PURGING =
      new LogLimits(40, 1 << 20, Duration.ofSeconds(5), 1, 0, 8 << 10);

  @TempDir Path dir;

  @Test
  void takesEffectOnce() throws Exception {
    try (TestCluster cluster =
        new TestCluster(
            dir,
            3,
            node -> {
              node.limits = PURGING;
              // The session is nobody's: it is not renewed, and must outlive the cut.
              node.timing =
                  RaftTiming.SHARED_CORES.withSession(
                      Duration.ofMinutes(10), Duration.ofSeconds(1));
            })) {
      TestNode first = cluster.leader();
      // A node that restarts ends the sessions it had before.
      TestNode steady = cluster.follower();
      SessionId session =
          new SessionId(
              first
                  .propose(
                      new LogEntry.RegisterSession(
                          steady.status().node(), new Timestamp(1_700_000_000, 0)))
                  .number());
      LogReply range =
          first.propose(
              new LogEntry.Batch(
                  session,
                  1,
                  0,
                  List.of(Tree.request(new Operation.ReserveNumbers(NumberKind.INODE, 16)))));
      long inode = range.replies().get(0).number();
      LogEntry.Batch batch = new LogEntry.Batch(session, 2, 0, operations(inode));
      LogReply answer = first.propose(batch);
      assertThat(answer.replies()).allSatisfy(r -> assertThat(r.errno()).isEqualTo(Errno.OK));

      long then = first.status().applied();
      for (int i = 0; cluster.nodes.stream().anyMatch(node -> begins(node) <= then); i++) {
        MembershipTest.fill(cluster.leader(), "more" + i, 80);
        assertThat(i).as("rounds without a purge").isLessThan(100);
      }
      first.kill();
      TestNode second = cluster.leader();
      assertThat(second).isNotSameAs(first);
      first.start();
      for (TestNode node : cluster.nodes) {
        if (node != first && node != steady) {
          node.kill();
          node.start();
        }
      }
      MembershipTest.fill(cluster.leader(), "again", 10);

      assertThat(cluster.leader().propose(batch)).isEqualTo(answer);
      cluster.assertAlike();
      LogEntry.Batch next =
          new LogEntry.Batch(
              session,
              2L + batch.requests().size(),
              0,
              List.of(Tree.create(new InodeId(inode + 9), "excl")));
      assertThat(cluster.leader().propose(next).replies().get(0).errno()).isEqualTo(Errno.EEXIST);
    }
  }

  /** The first index in a node's log. */
  private static long begins(TestNode node) {
    try {
      return LogFiles.firstIndex(InstallTest.current(node));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Each of them fails when it is done a second time. */
  private static List<Request> operations(long inode) {
    InodeId root = InodeId.ROOT;
    return List.of(
        Tree.create(new InodeId(inode), "excl"),
        Tree.request(new Operation.Link(new InodeId(inode), root, Tree.name("linked"))),
        Tree.create(new InodeId(inode + 1), "from"),
        Tree.request(new Operation.Rename(root, Tree.name("from"), root, Tree.name("to"), 0)),
        Tree.request(
            new Operation.Create(
                root,
                Tree.name("dir"),
                new InodeId(inode + 2),
                FileType.DIRECTORY,
                0755,
                0,
                null,
                true)),
        Tree.request(new Operation.RemoveDirectory(root, Tree.name("dir"))));
  }
}
