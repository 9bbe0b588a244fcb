package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.block.CopyCheck;
import io.pandofs.block.disks.DiskSet;
import io.pandofs.block.disks.Disks;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node loses one of its disks; what was on it comes back from the other nodes. */
final class LostDiskTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final int LENGTH = 50_000;
  private static final int MANY = 60;

  @TempDir Path root;
  private final Disks disks = new Disks();

  @AfterEach
  void close() {
    disks.close();
  }

  @Test
  void whatWasOnALostDiskIsFetched() throws Exception {
    try (DiskSet set = disks.set(root, "a", "b", "c");
        TestCluster cluster = new TestCluster(node -> node == 3 ? set : new MemoryBlocks())) {
      TestNode node = cluster.node(3);
      set.onLost((directory, trouble) -> node.keeper.reset());
      for (int i = 1; i <= MANY; i++) {
        for (TestNode each : cluster.nodes.subList(0, 3)) {
          ByteBuffer bytes = bytes(block(i), LENGTH);
          each.store
              .put(SESSION, block(i), bytes, row(i, LENGTH).crc32c())
              .get(60, TimeUnit.SECONDS);
        }
        cluster.commit(i, LENGTH);
      }
      cluster.nodes.forEach(each -> each.keeper.start());
      await().atMost(LONG).until(() -> node.keeper.comparedEpoch() >= 0);
      await().atMost(LONG).until(() -> node.directory.neededCount() == 0);
      long gone = disks.get("b").usage().blocks();
      assertThat(gone).isPositive();
      disks.get("b").breakDown();
      // Nobody but a scrub may come by for days.
      long number = node.scrub.startNow();
      await().atMost(LONG).until(() -> node.scrub.hasEnded(number));
      await().atMost(LONG).until(() -> set.usage().blocks() == MANY);
      await().atMost(LONG).until(() -> node.directory.neededCount() == 0);
      assertThat(node.keeper.progress().fetchedBlocks()).isEqualTo(gone);
      for (int i = 1; i <= MANY; i++) {
        assertThat(CopyCheck.of(set, row(i, LENGTH), ByteBuffer.allocate(LENGTH)))
            .isEqualTo(CopyCheck.Verdict.GOOD);
      }
    }
  }

  @Test
  void aDiskThatIsLostWhileAnEntryIsAppliedHidesNothing() throws Exception {
    try (DiskSet set = disks.set(root, "a", "b", "c");
        TestCluster cluster = new TestCluster(node -> node == 3 ? set : new MemoryBlocks())) {
      TestNode node = cluster.node(3);
      set.onLost((directory, trouble) -> node.keeper.reset());
      Holdings holdings = new Holdings(set, set::departures, node.keeper::reset);
      for (int i = 1; i <= MANY; i++) {
        for (TestNode each : cluster.nodes.subList(0, 3)) {
          ByteBuffer bytes = bytes(block(i), LENGTH);
          each.store
              .put(SESSION, block(i), bytes, row(i, LENGTH).crc32c())
              .get(60, TimeUnit.SECONDS);
        }
      }
      node.keeper.start();
      await().atMost(LONG).until(() -> node.keeper.comparedEpoch() >= 0);
      // An entry references them all; here, all are held.
      for (int i = 1; i <= MANY; i++) {
        assertThat(holdings.has(block(i), LENGTH, row(i, LENGTH).crc32c())).isTrue();
      }
      disks.get("b").breakDown();
      assertThat(set.scan(0, MANY)).hasSizeLessThan(MANY);
      await().atMost(LONG).until(() -> node.keeper.comparedEpoch() >= 0);
      // Only now it is committed, and none of them is in the needed set.
      for (int i = 1; i <= MANY; i++) {
        cluster.commit(i, LENGTH);
      }
      node.directory.settled(TestCluster.blocks(1, MANY));
      holdings.committed();
      await().atMost(LONG).until(() -> set.usage().blocks() == MANY);
      // And no comparison without a loss.
      await().atMost(LONG).until(() -> node.keeper.comparedEpoch() >= 0);
      assertThat(holdings.has(block(1), LENGTH, row(1, LENGTH).crc32c())).isTrue();
      holdings.committed();
      assertThat(node.keeper.comparedEpoch()).isNotNegative();
    }
  }
}
