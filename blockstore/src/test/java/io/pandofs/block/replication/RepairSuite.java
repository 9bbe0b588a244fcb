package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.replicas;
import static io.pandofs.block.replication.TestCluster.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Checksums;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the log says a node must hold it comes to hold; what nobody can reach goes. */
abstract class RepairSuite {
  static final int LENGTH = 90_000;
  TestCluster cluster;

  abstract TestCluster make() throws IOException;

  @BeforeEach
  final void makeCluster() throws IOException {
    cluster = make();
  }

  @AfterEach
  void closeCluster() {
    cluster.close();
  }

  private void store(int node, long serial, SessionId session) throws Exception {
    ByteBuffer bytes = bytes(block(serial), LENGTH);
    cluster
        .node(node)
        .store
        .put(session, block(serial), bytes, Checksums.crc32c(bytes))
        .get(60, TimeUnit.SECONDS);
  }

  /** As a put leaves it that is over: one that is not would go on to those of the next map. */
  private void storeOnThree() throws Exception {
    for (int node = 1; node <= 3; node++) {
      store(node, 1, SESSION);
    }
    cluster.commit(1, LENGTH);
    settle();
  }

  private void assertWhole(int node, long serial) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    cluster.node(node).store.read(block(serial), 0, into);
    assertThat(into.flip()).isEqualTo(bytes(block(serial), LENGTH));
  }

  private void awaitSettled(int node) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> cluster.node(node).directory.neededCount() == 0);
  }

  /** As keepers do, which do not run here. */
  private void settle() {
    cluster.nodes.forEach(node -> node.directory.settled(List.of(block(1))));
  }

  @Test
  void aCopyThatIsOthersByNowGoesWhenAllOfThemHaveIt() throws Exception {
    storeOnThree();
    cluster.place(replicas(2, 1, 2, 4));
    cluster.node(3).collector.start();
    // Node 4 has it not yet.
    await().during(Duration.ofMillis(400)).until(() -> cluster.node(3).store.contains(block(1)));
    store(4, 1, SESSION);
    await().atMost(Duration.ofSeconds(60)).until(() -> !cluster.node(3).store.contains(block(1)));
    cluster.nodes.forEach(node -> node.collector.start());
    await().during(Duration.ofMillis(400)).until(() -> cluster.node(4).store.contains(block(1)));
    assertWhole(1, 1);
  }

  @Test
  void aCopyOfOthersStaysWhileOneOfThemIsSilent() throws Exception {
    storeOnThree();
    cluster.place(replicas(2, 1, 2));
    cluster.node(2).stopListening();
    cluster.node(3).collector.start();
    await().during(Duration.ofMillis(400)).until(() -> cluster.node(3).store.contains(block(1)));
    cluster.node(2).listen();
    await().atMost(Duration.ofSeconds(60)).until(() -> !cluster.node(3).store.contains(block(1)));
  }

  @Test
  void aCopyOfOthersStaysWhileOneOfTheirsIsBad() throws Exception {
    storeOnThree();
    cluster.place(replicas(2, 1, 2));
    // As a reader's report has left it: the row is there, and the copy is to be repaired.
    cluster.node(2).directory.need(List.of(block(1)));
    cluster.node(3).collector.start();
    await().during(Duration.ofMillis(400)).until(() -> cluster.node(3).store.contains(block(1)));
    cluster.node(2).directory.settled(List.of(block(1)));
    await().atMost(Duration.ofSeconds(60)).until(() -> !cluster.node(3).store.contains(block(1)));
  }

  @Test
  void twoNodesDoNotDeleteOnEachOthersWord() throws Exception {
    storeOnThree();
    TestNode first = cluster.node(1);
    TestNode second = cluster.node(2);
    // The first asks under one map and has the second's word, while the third takes its time.
    cluster.place(replicas(2, 2, 3));
    cluster.node(3).store.holdFinds();
    first.collector.start();
    await().atMost(Duration.ofSeconds(60)).until(() -> first.collector.isDeparting(block(1)));
    // The second asks the first under the next map, which the first has not seen or has.
    second.directory.place(replicas(3, 1));
    second.collector.start();
    await().during(Duration.ofMillis(300)).until(() -> second.store.contains(block(1)));
    first.directory.place(replicas(3, 1));
    await().during(Duration.ofMillis(300)).until(() -> second.store.contains(block(1)));
    cluster.node(3).store.releaseFinds();
    await().atMost(Duration.ofSeconds(60)).until(() -> !second.store.contains(block(1)));
    assertWhole(1, 1);
  }

  @Test
  void whatIsHeldIsSettledAsItIsCommitted() throws Exception {
    cluster.node(1).keeper.start();
    for (int i = 1; i <= 50; i++) {
      store(1, i, SESSION);
      cluster.node(1).directory.commit(row(i, LENGTH));
    }
    awaitSettled(1);
    assertThat(cluster.node(1).keeper.progress().fetchedBlocks()).isZero();
  }

  @Test
  void aReplicaThatMissedAPutFetchesIt() throws Exception {
    cluster.nodes.forEach(node -> node.keeper.start());
    cluster.node(3).stopListening();
    cluster.put(1, LENGTH);
    cluster.commit(1, LENGTH);
    cluster.awaitHeld(1, 3);
    assertWhole(3, 1);
    for (int i = 1; i <= 4; i++) {
      awaitSettled(i);
    }
    assertThat(cluster.node(4).store.contains(block(1))).isFalse();
  }

  @Test
  void aBlockThatWasDroppedIsNotSoughtForEver() {
    cluster.nodes.forEach(node -> node.keeper.start());
    cluster.node(3).directory.needTooLate(row(1, LENGTH));
    awaitSettled(3);
  }

  @Test
  void aBlockThatIsDroppedDuringItsFetchDoesNotStay() throws Exception {
    store(1, 1, SESSION);
    store(2, 1, SESSION);
    cluster.commit(1, LENGTH);
    cluster.node(1).store.holdReads();
    cluster.node(2).store.holdReads();
    // It was not there when it was dropped: a crash can make it no more missing.
    cluster.node(3).store.onDelete(block -> {});
    cluster.node(3).keeper.start();
    await().until(() -> cluster.node(1).store.readsHeld() + cluster.node(2).store.readsHeld() > 0);
    cluster.node(3).directory.drop(block(1));
    cluster.node(1).store.releaseReads();
    cluster.node(2).store.releaseReads();
    await().until(() -> cluster.node(3).keeper.progress().fetchedBlocks() == 1);
    await().until(() -> !cluster.node(3).store.contains(block(1)));
  }

  @Test
  void anEmptiedStoreIsFilledAgain() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 1; i <= 300; i++) {
      store(1 + random.nextInt(2), i, SESSION);
      if (random.nextInt(4) == 0) {
        store(3, i, SESSION);
      }
      if (random.nextInt(10) == 0) {
        // Stored and never committed: the comparison steps over it.
        store(3, 1000 + i, SESSION);
      }
      cluster.commit(i, LENGTH);
    }
    // All of it was settled before the disk was lost.
    cluster.node(3).directory.settled(TestCluster.blocks(1, 300));
    cluster.node(3).keeper.start();
    for (int i = 1; i <= 300; i++) {
      cluster.awaitHeld(i, 3);
      assertWhole(3, i);
    }
    awaitSettled(3);
    assertThat(cluster.node(3).keeper.progress().blocks()).isZero();
  }

  @Test
  void aResetComparesAgain() throws Exception {
    cluster.node(3).keeper.start();
    store(1, 1, SESSION);
    store(3, 1, SESSION);
    cluster.commit(1, LENGTH);
    awaitSettled(3);
    cluster.node(3).store.delete(List.of(block(1)));
    cluster.node(3).keeper.reset();
    cluster.awaitHeld(1, 3);
  }

  @Test
  void aNewPlacementIsNeed() throws Exception {
    store(1, 1, SESSION);
    store(1, 2, SESSION);
    cluster.commit(1, LENGTH);
    cluster.node(4).keeper.start();
    cluster.node(4).directory.commit(row(2, LENGTH));
    assertThat(cluster.node(4).directory.neededCount()).isZero();
    cluster.place(replicas(2, 1, 2, 4));
    cluster.node(4).keeper.reset();
    cluster.awaitHeld(1, 4);
    cluster.awaitHeld(2, 4);
  }

  @Test
  void repairWaitsForAReplicaThatComesBack() throws Exception {
    store(1, 1, SESSION);
    cluster.node(1).stopListening();
    cluster.node(2).stopListening();
    cluster.commit(1, LENGTH);
    cluster.node(3).keeper.start();
    await()
        .during(Duration.ofMillis(300))
        .until(() -> cluster.node(3).directory.neededCount() == 1);
    cluster.node(1).listen();
    cluster.awaitHeld(1, 3);
    awaitSettled(3);
  }

  @Test
  void aDamagedSourceIsNotCopied() throws Exception {
    for (int i = 1; i <= 6; i++) {
      store(1, i, SESSION);
      store(2, i, SESSION);
      cluster.node(1 + i % 2).store.damage(block(i));
      cluster.commit(i, LENGTH);
    }
    cluster.node(3).keeper.start();
    for (int i = 1; i <= 6; i++) {
      cluster.awaitHeld(i, 3);
      assertWhole(3, i);
    }
  }

  @Test
  void aNodeThatCannotServeACopyRepairsItsOwn() throws Exception {
    cluster.nodes.forEach(node -> node.keeper.start());
    store(1, 1, SESSION);
    store(2, 1, SESSION);
    store(3, 1, SESSION);
    cluster.commit(1, LENGTH);
    for (int i = 1; i <= 3; i++) {
      awaitSettled(i);
    }
    cluster.node(2).store.damage(block(1));
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    // Node 2 is asked over the wire, and hears of its damage so.
    cluster.node(4).directory.place(replicas(1, 2));
    cluster
        .node(4)
        .blocks(TestCluster.SETTINGS)
        .read(block(1), 0, into)
        .handle((done, failure) -> failure)
        .get(60, TimeUnit.SECONDS);
    cluster.awaitHeld(1, 2);
    assertWhole(2, 1);
  }

  @Test
  void afterAStartADamagedCopyThatIsNeededIsNotTakenForGood() throws Exception {
    store(1, 1, SESSION);
    store(3, 1, SESSION);
    cluster.node(3).store.damage(block(1));
    cluster.commit(1, LENGTH);
    cluster.node(3).keeper.start();
    cluster.awaitHeld(1, 3);
    awaitSettled(3);
  }

  @Test
  void aDroppedBlockIsDeletedAndAReferencedOneStays() throws Exception {
    for (int i = 1; i <= 40; i++) {
      store(1, i, SESSION);
      cluster.node(1).directory.commit(row(i, LENGTH));
    }
    cluster.node(1).collector.start();
    for (int i = 2; i <= 40; i += 2) {
      cluster.node(1).directory.drop(block(i));
    }
    await().until(() -> cluster.node(1).directory.droppedCount() == 0);
    for (int i = 1; i <= 40; i++) {
      assertThat(cluster.node(1).store.contains(block(i))).isEqualTo(i % 2 == 1);
    }
  }

  @Test
  void aBlockThatCannotBeDeletedKeepsNoOther() throws Exception {
    TestNode node = cluster.node(1);
    for (int i = 1; i <= 20; i++) {
      store(1, i, SESSION);
      node.directory.drop(block(i));
    }
    node.store.stick(block(3));
    node.collector.start();
    await().until(() -> node.directory.droppedCount() == 1);
    for (int i = 1; i <= 20; i++) {
      assertThat(node.store.contains(block(i))).isEqualTo(i == 3);
    }
  }

  @Test
  void aDroppedBlockIsKeptForTheGrace() throws Exception {
    TestNode node = cluster.node(1);
    store(1, 1, SESSION);
    node.directory.commit(row(1, LENGTH));
    node.collector =
        new Collector(
            node.replication, new Collector.Settings(Duration.ofHours(1), Duration.ofMillis(10)));
    node.collector.start();
    node.directory.drop(block(1));
    node.directory.end(SESSION);
    await().during(Duration.ofMillis(300)).until(() -> node.store.contains(block(1)));
  }

  @Test
  void aBlockThatIsReferencedIsNotDeletedWhateverTheDroppedSetSays() throws Exception {
    store(1, 1, SESSION);
    cluster.node(1).directory.drop(block(1));
    cluster.node(1).directory.commit(row(1, LENGTH));
    cluster.node(1).collector.start();
    await().until(() -> cluster.node(1).directory.droppedCount() == 0);
    assertThat(cluster.node(1).store.contains(block(1))).isTrue();
  }

  @Test
  void uncommittedBlocksGoWhenTheirSessionHasEndedAndNotBefore() throws Exception {
    TestNode node = cluster.node(1);
    SessionId over = new SessionId(50);
    SessionId unheardOf = new SessionId(60);
    node.directory.begin(over);
    for (int i = 1; i <= 30; i++) {
      store(1, i, SESSION);
      store(1, 100 + i, over);
      store(1, 200 + i, unheardOf);
    }
    for (int i = 1; i <= 10; i++) {
      node.directory.commit(row(100 + i, LENGTH));
    }
    node.collector.start();
    node.collector.sweepSoon();
    await().during(Duration.ofMillis(400)).until(() -> node.collector.deletedBlocks() == 0);
    node.directory.end(over);
    await().until(() -> node.collector.deletedBlocks() == 20);
    // A late put of the ended session is found by a later sweep.
    store(1, 131, over);
    await().until(() -> node.collector.deletedBlocks() == 21);
    for (int i = 1; i <= 30; i++) {
      assertThat(node.store.contains(block(i))).isTrue();
      assertThat(node.store.contains(block(100 + i))).isEqualTo(i <= 10);
      assertThat(node.store.contains(block(200 + i))).isTrue();
    }
  }

  /** Its tables on the disk may name it yet: they must not when its bytes go. */
  @Test
  void aSweepTooDeletesOnlyWhatIsDurablyDropped() throws Exception {
    TestNode node = cluster.node(1);
    SessionId over = new SessionId(50);
    node.directory.begin(over);
    store(1, 1, over);
    node.directory.commit(row(1, LENGTH));
    node.directory.end(over);
    node.directory.dropUntold(block(1));
    node.collector.start();
    node.collector.sweepSoon();
    await().until(() -> !node.store.contains(block(1)));
  }
}
