package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.replicas;
import static io.pandofs.block.replication.TestCluster.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RepairTest extends RepairSuite {
  private static final Duration LONG = Duration.ofSeconds(60);

  @Override
  TestCluster make() throws IOException {
    return new TestCluster(node -> new MemoryBlocks());
  }

  @Test
  void aNodeThatIsFurtherBehindThanItRemembersCatchesUp() throws Exception {
    cluster.node(3).keeper.start();
    int many = 17_000;
    for (int i = 1; i <= many; i++) {
      BlockId block = block(i);
      ByteBuffer bytes = bytes(block, 10);
      var unused = cluster.node(1).store.put(SESSION, block, bytes, Checksums.crc32c(bytes));
    }
    for (int i = 1; i <= many; i++) {
      cluster.node(3).directory.commit(row(i, 10));
    }
    await().atMost(Duration.ofMinutes(2)).until(() -> cluster.node(3).directory.neededCount() == 0);
  }

  @Test
  void blocksThatComeDuringALongCatchUpDoNotWaitForItsLength() throws Exception {
    TestNode node = cluster.node(3);
    node.keeper.close();
    node.keeper =
        new Keeper(
            node.replication,
            node.reads,
            new Keeper.Settings(1, LENGTH, Duration.ofMillis(50), Duration.ofSeconds(10)));
    for (int i = 1; i <= 5; i++) {
      store(1, i);
    }
    // Four blocks at one a second.
    for (int i = 1; i <= 4; i++) {
      node.directory.commit(row(i, LENGTH));
    }
    node.keeper.start();
    await().until(() -> node.store.contains(block(3)));
    node.directory.commit(row(0x1_0000, LENGTH));
    store(1, 0x1_0000);
    await().atMost(Duration.ofSeconds(8)).until(() -> node.store.contains(block(0x1_0000)));
  }

  private void store(int node, long serial) throws Exception {
    ByteBuffer bytes = bytes(block(serial), LENGTH);
    cluster.node(node).store.put(SESSION, block(serial), bytes, Checksums.crc32c(bytes)).get();
  }

  /** Its writer's push comes late, and is acknowledged: another has counted on it. */
  @Test
  void aGoodCopyThatComesDuringAFetchStaysThoughThereIsNoRoomForAnother() throws Exception {
    TestNode node = cluster.node(3);
    store(1, 1);
    cluster.node(1).store.holdReads();
    node.directory.commit(row(1, LENGTH));
    node.keeper.start();
    await().atMost(LONG).until(() -> cluster.node(1).store.readsHeld() > 0);
    store(3, 1);
    node.store.fill(true);
    cluster.node(1).store.releaseReads();
    await().atMost(LONG).until(() -> node.directory.neededCount() == 0);
    assertThat(node.store.isGood(block(1))).isTrue();
  }

  /** So few that no other fetch sees it for them, after so long that each was often in vain. */
  @Test
  void repairGoesOnSoonWhenTheOthersAreBack() throws Exception {
    TestNode node = cluster.node(3);
    int many = 3;
    for (int i = 1; i <= many; i++) {
      store(1, i);
      store(2, i);
      node.directory.commit(row(i, LENGTH));
    }
    cluster.nodes.forEach(TestNode::stopListening);
    node.keeper.start();
    await()
        .pollDelay(Duration.ofSeconds(7))
        .atMost(LONG)
        .until(() -> node.directory.neededCount() == many);
    cluster.node(1).listen();
    cluster.node(2).listen();
    await().atMost(Duration.ofSeconds(3)).until(() -> node.directory.neededCount() == 0);
  }

  /** The half of the blocks that it would be asked for first would take its time-out each. */
  @Test
  void aSilentPeerDoesNotSetThePaceOfRepair() throws Exception {
    TestNode node = cluster.node(3);
    for (int i = 1; i <= 60; i++) {
      store(1, i);
      store(2, i);
      node.directory.commit(row(i, LENGTH));
    }
    cluster.node(1).store.holdReads();
    node.keeper.start();
    await().atMost(Duration.ofSeconds(30)).until(() -> node.directory.neededCount() == 0);
    cluster.node(1).store.releaseReads();
  }

  @Test
  void whatNobodyHasDoesNotKeepTheRestFromBeingFetched() throws Exception {
    TestNode node = cluster.node(3);
    for (int i = 1; i <= 100; i++) {
      node.directory.commit(row(i, LENGTH));
    }
    for (int i = 201; i <= 220; i++) {
      store(1, i);
      node.directory.commit(row(i, LENGTH));
    }
    node.keeper.start();
    await().atMost(LONG).until(() -> node.directory.neededCount() == 100);
    assertThat(node.store.usage().blocks()).isEqualTo(20);
  }

  @Test
  void whatNobodyAnswersForDoesNotKeepTheRestFromBeingFetched() throws Exception {
    TestNode node = cluster.node(3);
    int group = block(0x100).group();
    node.directory.place(group, replicas(1, 2, 3));
    cluster.node(2).stopListening();
    for (int i = 1; i <= 24; i++) {
      node.directory.commit(row(i * 0x100L, LENGTH));
    }
    for (int i = 1; i <= 20; i++) {
      store(1, 0x10001 + i);
      node.directory.commit(row(0x10001 + i, LENGTH));
    }
    node.keeper.start();
    await().atMost(LONG).until(() -> node.directory.neededCount() == 24);
    assertThat(node.store.usage().blocks()).isEqualTo(20);
  }

  @Test
  void whatIsKnownToBeNeededIsFetchedThoughTheStoreCannotBeCompared() throws Exception {
    TestNode node = cluster.node(3);
    node.store.failScans(true);
    for (int i = 1; i <= 5; i++) {
      store(1, i);
      node.directory.commit(row(i, LENGTH));
    }
    node.keeper.start();
    await().atMost(LONG).until(() -> node.directory.neededCount() == 0);
    assertThat(node.store.usage().blocks()).isEqualTo(5);
    assertThat(node.keeper.comparedEpoch()).isNegative();
    node.store.failScans(false);
    await().atMost(LONG).until(() -> node.keeper.comparedEpoch() == 1);
  }

  @Test
  void aFullNodeDoesNotFetchAllThatItCannotStore() throws Exception {
    doesNotFetchAllWhileItsStoreSays(new StoreFullException("full by the test"));
  }

  @Test
  void aNodeWhoseStoreTakesNothingDoesNotFetchAllForIt() throws Exception {
    doesNotFetchAllWhileItsStoreSays(new IOException("fenced by the test"));
  }

  private void doesNotFetchAllWhileItsStoreSays(IOException failure) throws Exception {
    TestNode node = cluster.node(3);
    for (int i = 1; i <= 300; i++) {
      store(1, i);
      node.directory.commit(row(i, LENGTH));
    }
    node.store.refuse(failure);
    node.keeper.start();
    await().atMost(LONG).until(() -> node.store.refusedPuts() > 8);
    await().atMost(LONG).during(Duration.ofSeconds(3)).until(() -> node.store.refusedPuts() < 100);
    node.store.refuse(null);
    await().atMost(LONG).until(() -> node.directory.neededCount() == 0);
  }

  @Test
  void whatAReaderMissesComesFirst() throws Exception {
    TestNode node = cluster.node(3);
    node.keeper.close();
    node.keeper =
        new Keeper(
            node.replication,
            node.reads,
            new Keeper.Settings(1, LENGTH * 2, Duration.ofMillis(50), Duration.ofSeconds(10)));
    for (int i = 1; i <= 40; i++) {
      store(1, i);
      node.directory.commit(row(i, LENGTH));
    }
    node.keeper.start();
    await().until(() -> node.store.contains(block(1)));
    node.keeper.missing(block(40));
    await().until(() -> node.store.contains(block(40)));
    assertThat(node.directory.neededCount()).isGreaterThan(20);
  }

  @Test
  void moreBadCopiesThanAreRememberedAreNotTakenForRepaired() throws Exception {
    TestNode node = cluster.node(3);
    cluster.node(1).stopListening();
    cluster.node(2).stopListening();
    node.keeper.start();
    int many = 17_000;
    for (int i = 1; i <= many; i++) {
      BlockId block = block(i);
      ByteBuffer bytes = bytes(block, 10);
      var unused = node.store.put(SESSION, block, bytes, Checksums.crc32c(bytes));
      node.directory.commit(row(i, 10));
    }
    await().atMost(Duration.ofMinutes(2)).until(() -> node.directory.neededCount() == 0);
    for (int i = 1; i <= many; i++) {
      node.store.damage(block(i));
      node.keeper.damaged(block(i));
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> !node.keeper.hasReports());
    assertThat(node.keeper.isSwamped()).isTrue();
    await().during(Duration.ofSeconds(2)).until(() -> node.keeper.faults().repaired() == 0);
    // Nobody took note of the last ones, and a second report of them finds room once there is some.
    assertThat(node.keeper.faults().found()).isLessThan(many);
  }
}
