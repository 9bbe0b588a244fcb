package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.InodeId;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log is purged past a node that is away, which then gets a checkpoint. */
class InstallTest {
  private static final int KILLS = 3;

  /** Small enough that checkpoints and purges happen all the time. */
  private static final LogLimits SMALL =
      new LogLimits(60, 64 << 10, Duration.ofSeconds(5), 2, 0, 16 << 10);

  @TempDir Path dir;

  @Test
  void aNodeThatIsKilledAgainAndAgainWhileItCatchesUpComesBackWhole() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = SMALL)) {
      TestNode behind = cluster.follower();
      MembershipTest.fill(cluster.leader(), "a", 20);
      behind.kill();
      for (int i = 0; i < KILLS; i++) {
        purgePast(cluster, behind, "round" + i);
        behind.start();
        // Somewhere before, in or after the install.
        new CountDownLatch(1).await(random.nextInt(400), TimeUnit.MILLISECONDS);
        behind.kill();
      }
      final int before = behind.resets.get();
      purgePast(cluster, behind, "last");
      behind.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> behind.status().applied() >= cluster.leader().status().applied());
      assertThat(behind.resets.get()).as("checkpoints installed").isGreaterThan(before);
      MetadataSession session = behind.session();
      try (MetadataView view = session.view()) {
        view.lookup(InodeId.ROOT, Tree.name("a19"));
        view.lookup(InodeId.ROOT, Tree.name("last99"));
      }
      cluster.assertAlike();
      assertThat(names(behind.dataDir.resolve("meta")))
          .as("nothing half-done stays")
          .filteredOn(name -> name.startsWith("tables-"))
          .hasSize(1);
    }
  }

  /** Nobody applies the entries that dropped them, and their writer's session lives on. */
  @Test
  void whatWasDroppedWhileANodeWasAwayIsToBeDeletedThere() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = SMALL)) {
      final TestNode behind = cluster.follower();
      TestNode writer = cluster.leader();
      MetadataSession session = writer.session();
      InodeId file = BlockSetsTest.make(session);
      BlockId gone = session.nextBlock();
      BlockSetsTest.write(writer, session, file, gone, 0);
      BlockId droppedBefore = session.nextBlock();
      BlockSetsTest.write(writer, session, file, droppedBefore, 1 << 20);
      BlockId kept = session.nextBlock();
      BlockSetsTest.write(writer, session, file, kept, 1 << 20);
      await().until(() -> droppedAt(behind).contains(droppedBefore));
      behind.kill();
      BlockId later = session.nextBlock();
      BlockSetsTest.write(writer, session, file, later, 0);
      final int before = behind.resets.get();
      purgePast(cluster, behind, "more");
      behind.start();
      await().atMost(Duration.ofSeconds(60)).until(() -> behind.resets.get() > before);
      assertThat(droppedAt(behind)).contains(gone, droppedBefore).doesNotContain(kept, later);
      behind.replica().blocks().deleted(droppedAt(behind));
      assertThat(droppedAt(behind)).isEmpty();
    }
  }

  private static List<BlockId> droppedAt(TestNode node) throws Exception {
    return node.replica().blocks().dropped(100).stream().map(BlockTables.Dropped::block).toList();
  }

  /** Writes until the log of those that run begins after what the other one has. */
  private static void purgePast(TestCluster cluster, TestNode behind, String prefix)
      throws Exception {
    long has = LogScan.read(current(behind), -1).last();
    MembershipTest.fill(cluster.leader(), prefix, 100);
    int more = 0;
    while (firstOfAll(cluster, behind) <= has + 1) {
      MembershipTest.fill(cluster.leader(), prefix + "more" + more++, 100);
      assertThat(more).as("rounds without a purge").isLessThan(100);
    }
  }

  private static long firstOfAll(TestCluster cluster, TestNode but) throws IOException {
    long first = Long.MAX_VALUE;
    for (TestNode node : cluster.nodes) {
      if (node != but) {
        first = Math.min(first, LogFiles.firstIndex(current(node)));
      }
    }
    return first;
  }

  static Path current(TestNode node) throws IOException {
    try (Stream<Path> all = Files.walk(node.dataDir.resolve("raft"))) {
      return all.filter(path -> path.endsWith("current")).findFirst().orElseThrow();
    }
  }

  @Test
  void logAndCheckpointsStayBounded() throws Exception {
    long megabyte = 1 << 20;
    LogLimits limits = new LogLimits(100_000, megabyte, Duration.ofMinutes(10), 2, 16, 256 << 10);
    try (TestNode node = new TestNode(dir, "one")) {
      node.limits = limits;
      node.bootstrap();
      MetadataSession session = node.session();
      long written = 0;
      long most = 0;
      byte[] value = new byte[32 << 10];
      InodeId file = session.nextInode();
      session.submit(Tree.create(file, "file")).get(30, TimeUnit.SECONDS);
      while (written < 24 * megabyte) {
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          replies.add(
              session.submit(
                  Tree.request(
                      new io.pandofs.meta.Operation.SetXattr(
                          file,
                          "user.a".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                          value,
                          0))));
          written += value.length;
        }
        for (CompletableFuture<Reply> reply : replies) {
          reply.get(30, TimeUnit.SECONDS);
        }
        long now = size(node.dataDir.resolve("raft"));
        most = Math.max(most, now);
        if (now > 6 * megabyte) {
          // The limits are looked at once a second; a writer that is faster waits here.
          await()
              .atMost(Duration.ofSeconds(30))
              .until(() -> size(node.dataDir.resolve("raft")) < 4 * megabyte);
        }
      }
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(size(node.dataDir.resolve("raft")))
                      .isLessThan(limits.checkpointBytes() + 2 * megabyte));
      assertThat(names(node.dataDir.resolve("meta").resolve("checkpoints")))
          .hasSizeBetween(1, limits.checkpointsKept());
      System.out.println("written " + written + ", at most " + most + " bytes of log");
      session.close();
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }

  private static long size(Path directory) throws IOException {
    long size = 0;
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        try {
          size += Files.size(path);
        } catch (java.nio.file.NoSuchFileException e) {
          // Purged meanwhile.
          size += 0;
        }
      }
    } catch (java.io.UncheckedIOException e) {
      return Long.MAX_VALUE;
    }
    return size;
  }
}
