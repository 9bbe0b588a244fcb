package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.block.CopyCheck;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Scrub finds what is bad or gone, and nothing else; repair puts it right. */
abstract class ScrubSuite {
  static final int LENGTH = 150_000;
  private static final Duration LONG = Duration.ofSeconds(60);
  TestCluster cluster;

  abstract TestCluster make() throws IOException;

  @BeforeEach
  void makeCluster() throws Exception {
    cluster = make();
    for (int i = 1; i <= 20; i++) {
      for (int node = 1; node <= 3; node++) {
        store(node, i, bytes(block(i), LENGTH));
      }
      cluster.commit(i, LENGTH);
    }
    cluster.nodes.forEach(node -> node.keeper.start());
    for (TestNode node : cluster.nodes) {
      await().atMost(LONG).until(() -> node.directory.neededCount() == 0);
    }
  }

  @AfterEach
  void closeCluster() {
    cluster.close();
  }

  /** Bytes that may differ from those of the row, under the row's checksum. */
  private void store(int node, long serial, ByteBuffer bytes) throws Exception {
    cluster
        .node(node)
        .store
        .put(SESSION, block(serial), bytes, row(serial, LENGTH).crc32c())
        .get(60, TimeUnit.SECONDS);
  }

  private Scrub.Pass pass(TestNode node) {
    long number = node.scrub.startNow();
    await().atMost(LONG).until(() -> node.scrub.hasEnded(number));
    Scrub.Pass last = node.scrub.state().last();
    assertThat(last).isNotNull();
    return last;
  }

  private static void awaitWhole(TestNode node, long... serials) {
    for (long serial : serials) {
      await().atMost(LONG).until(() -> isWhole(node, serial));
    }
  }

  private static boolean isWhole(TestNode node, long serial) {
    try {
      return CopyCheck.of(node.store, row(serial, LENGTH), ByteBuffer.allocate(LENGTH))
          == CopyCheck.Verdict.GOOD;
    } catch (IOException e) {
      return false; // The store in memory says so of bytes that do not match.
    }
  }

  @Test
  void whatIsWholeIsCheckedAndLeftAlone() {
    Scrub.Pass pass = pass(cluster.node(3));
    assertThat(pass.blocks()).isEqualTo(20);
    assertThat(pass.bytes()).isEqualTo(20L * LENGTH);
    assertThat(pass.faults()).isZero();
    // A node checks what it must hold, not what others must.
    assertThat(pass(cluster.node(4)).blocks()).isZero();
  }

  @Test
  void aBadAndAMissingCopyAreFetchedFromAnotherReplica() throws Exception {
    TestNode node = cluster.node(3);
    node.store.damage(block(5));
    node.store.delete(List.of(block(11)));
    assertThat(pass(node).faults()).isEqualTo(2);
    awaitWhole(node, 5, 11);
    await().atMost(LONG).until(() -> node.keeper.faults().open() == 0);
    assertThat(node.keeper.faults()).isEqualTo(new Keeper.Faults(2, 2, 0));
    assertThat(pass(node).faults()).isZero();
  }

  @Test
  void aCopyThatAgreesWithItselfButNotWithTheLogIsReplaced() throws Exception {
    TestNode node = cluster.node(2);
    node.store.delete(List.of(block(7)));
    store(2, 7, bytes(block(1007), LENGTH));
    assertThat(pass(node).faults()).isEqualTo(1);
    awaitWhole(node, 7);
  }

  @Test
  void aFaultOfABlockThatIsDroppedIsNoneAnyMore() {
    TestNode node = cluster.node(3);
    for (int i = 1; i <= 20; i++) {
      BlockId block = block(i);
      cluster.nodes.forEach(each -> each.store.damage(block));
    }
    assertThat(pass(node).faults()).isEqualTo(20);
    await().atMost(LONG).until(() -> node.keeper.faults().open() == 20);
    // More than are being fetched at any moment.
    for (int i = 1; i <= 20; i++) {
      node.directory.drop(block(i));
    }
    await().atMost(LONG).until(() -> node.keeper.faults().open() == 0);
    assertThat(node.keeper.faults()).isEqualTo(new Keeper.Faults(20, 0, 0));
  }

  @Test
  void whatIsOnItsWayIsNoFault() {
    TestNode node = cluster.node(3);
    node.keeper.close();
    node.directory.commit(row(21, LENGTH));
    assertThat(pass(node).faults()).isZero();
  }

  @Test
  void aRestartGoesOnWhereThePassWas() {
    TestNode node = cluster.node(3);
    long now = node.replication.clock().now().seconds();
    long fifteenth = block(15).value();
    node.journal.saved =
        new Scrub.State(fifteenth, block(19).value(), new Scrub.Pass(now, 0, 15, 99, 3), null);
    node.scrub = node.scrub(TestNode.SCRUB);
    node.scrub.start();
    await().atMost(LONG).until(() -> node.scrub.state().last() != null);
    Scrub.Pass last = node.scrub.state().last();
    // Up to where it meant to go when it began: the twentieth block is the next pass's.
    assertThat(last.blocks()).isEqualTo(19);
    assertThat(last.bytes()).isEqualTo(99 + 4L * LENGTH);
    assertThat(last.faults()).isEqualTo(3);
    assertThat(last.startedSeconds()).isEqualTo(now);
  }

  @Test
  void aPassThatIsDueBeginsByItself() {
    TestNode node = cluster.node(1);
    node.journal.saved = new Scrub.State(0, 0, null, new Scrub.Pass(1, 2, 1, 1, 0));
    node.scrub = node.scrub(TestNode.SCRUB);
    node.scrub.start();
    await().atMost(LONG).until(() -> node.scrub.state().last().startedSeconds() > 1);
    assertThat(node.scrub.state().last().blocks()).isEqualTo(20);
    // And the next is not due for an hour.
    await().during(Duration.ofMillis(300)).until(() -> node.scrub.state().present() == null);
  }

  @Test
  void itReadsNoFasterThanItMay() {
    TestNode node = cluster.node(1);
    // 3 MB at 1 MiB a second, in steps of 1 MiB.
    node.scrub = node.scrub(new Scrub.Settings(1 << 20, Duration.ofHours(1)));
    long started = System.nanoTime();
    pass(node);
    assertThat(System.nanoTime() - started).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
  }
}
