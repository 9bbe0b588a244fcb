package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.SETTINGS;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.replicas;
import static io.pandofs.block.replication.TestCluster.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.block.Replicas;
import io.pandofs.block.StoreFullException;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a mount is promised of its blocks, over any kind of store. */
abstract class WriteAndReadSuite {
  private static final int LENGTH = 300_000;
  private TestCluster cluster;

  abstract TestCluster make() throws IOException;

  @BeforeEach
  void makeCluster() throws IOException {
    cluster = make();
  }

  @AfterEach
  void closeCluster() {
    cluster.close();
  }

  private CompletableFuture<StoredBlock> start(long serial, int length) {
    return cluster.blocks.put(SESSION, block(serial), bytes(block(serial), length));
  }

  private static ByteBuffer read(ReplicatedBlocks blocks, long serial, int offset, int length)
      throws Exception {
    ByteBuffer into = ByteBuffer.allocate(length + 7).position(3).limit(3 + length);
    blocks.read(block(serial), offset, into).get(60, TimeUnit.SECONDS);
    assertThat(into.hasRemaining()).isFalse();
    return into.flip().position(3);
  }

  private static ByteBuffer part(long serial, int offset, int length) {
    return bytes(block(serial), LENGTH).slice(offset, length);
  }

  @Test
  void aBlockReachesAllItsReplicas() throws Exception {
    StoredBlock stored = cluster.put(1, LENGTH);
    assertThat(stored.length()).isEqualTo(LENGTH);
    assertThat(stored.crc32c()).isEqualTo(Checksums.crc32c(bytes(block(1), LENGTH)));
    assertThat(stored.placementEpoch()).isEqualTo(1);
    assertThat(stored.holders()).hasSizeGreaterThanOrEqualTo(2);
    cluster.awaitHeld(1, 1, 2, 3);
    assertThat(cluster.node(4).store.contains(block(1))).isFalse();
  }

  @Test
  void aReadEndsThoughTheTablesAreClosedUnderIt() throws Exception {
    cluster.put(1, LENGTH);
    cluster.node(4).directory.close();
    CompletableFuture<Void> reading =
        cluster.node(4).blocks(SETTINGS).read(block(1), 0, ByteBuffer.allocate(LENGTH));
    assertThatThrownBy(() -> reading.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void theCallersBufferIsFreeAfterwards() throws Exception {
    cluster.node(3).store.holdPuts();
    ByteBuffer mine = bytes(block(1), LENGTH);
    cluster.blocks.put(SESSION, block(1), mine).get(60, TimeUnit.SECONDS);
    mine.putLong(0, 42);
    cluster.node(3).store.releasePuts();
    cluster.awaitHeld(1, 3);
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    cluster.node(3).store.read(block(1), 0, into);
    assertThat(into.flip()).isEqualTo(bytes(block(1), LENGTH));
  }

  @Test
  void aStoppedReplicaIsDoneWithout() throws Exception {
    cluster.node(3).stopListening();
    for (int i = 1; i <= 20; i++) {
      assertThat(cluster.put(i, LENGTH).holders()).containsExactly(new NodeId(1), new NodeId(2));
    }
  }

  @Test
  void withoutAQuorumAPutFails() {
    cluster.node(2).stopListening();
    cluster.node(3).stopListening();
    ReplicatedBlocks hasty = cluster.node(1).blocks(shortTimeout());
    assertThatThrownBy(
            () -> hasty.put(SESSION, block(1), bytes(block(1), 100)).get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("no quorum");
  }

  private static ReplicatedBlocks.Settings shortTimeout() {
    return new ReplicatedBlocks.Settings(
        Duration.ofMillis(400),
        SETTINGS.putBytesMax(),
        SETTINGS.pushBytesMax(),
        SETTINGS.hedge(),
        SETTINGS.readTimeout());
  }

  @Test
  void nothingIsAcknowledgedBeforeAQuorumHasIt() throws Exception {
    cluster.node(2).store.holdPuts();
    cluster.node(3).store.holdPuts();
    CompletableFuture<StoredBlock> put = start(1, LENGTH);
    cluster.awaitHeld(1, 1);
    await().until(() -> cluster.node(2).store.putsHeld() == 1);
    await().until(() -> cluster.node(3).store.putsHeld() == 1);
    await().during(Duration.ofMillis(200)).until(() -> !put.isDone());
    cluster.node(3).store.releasePuts();
    assertThat(put.get(60, TimeUnit.SECONDS).holders())
        .containsExactly(new NodeId(1), new NodeId(3));
    cluster.node(2).store.releasePuts();
    cluster.awaitHeld(1, 2);
  }

  @Test
  void aPutWaitsForAsManyAsTheMapSays() throws Exception {
    cluster.place(new Replicas(2, replicas(2, 1, 2, 3).nodes(), 3));
    cluster.node(3).store.holdPuts();
    CompletableFuture<StoredBlock> put = start(1, LENGTH);
    cluster.awaitHeld(1, 1, 2);
    await().until(() -> cluster.node(3).store.putsHeld() == 1);
    await().during(Duration.ofMillis(200)).until(() -> !put.isDone());
    cluster.node(3).store.releasePuts();
    assertThat(put.get(60, TimeUnit.SECONDS).holders()).hasSize(3);
  }

  @Test
  void theLocalStoreMayBeTheSlowOne() throws Exception {
    cluster.node(1).store.holdPuts();
    assertThat(cluster.put(1, LENGTH).holders()).containsExactly(new NodeId(2), new NodeId(3));
    cluster.node(1).store.releasePuts();
    cluster.awaitHeld(1, 1);
  }

  @Test
  void aSlowReplicaDelaysNobodyAndIsPushedToAfterwards() throws Exception {
    cluster.node(3).store.holdPuts();
    for (int i = 1; i <= 40; i++) {
      cluster.put(i, 400_000);
    }
    cluster.node(3).store.releasePuts();
    for (int i = 1; i <= 40; i++) {
      cluster.awaitHeld(i, 3);
    }
  }

  @Test
  void pushingIsGivenUpOverItsBudgetAndNothingIsLost() throws Exception {
    ReplicatedBlocks tight =
        cluster
            .node(1)
            .blocks(
                new ReplicatedBlocks.Settings(
                    SETTINGS.putTimeout(),
                    8 << 20,
                    1 << 20,
                    SETTINGS.hedge(),
                    SETTINGS.readTimeout()));
    cluster.node(3).store.holdPuts();
    for (int i = 1; i <= 60; i++) {
      tight.put(SESSION, block(i), bytes(block(i), 400_000)).get(60, TimeUnit.SECONDS);
    }
    cluster.node(3).store.releasePuts();
    for (int i = 61; i <= 90; i++) {
      tight.put(SESSION, block(i), bytes(block(i), 400_000)).get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void aLocalDiskThatStandsStillDelaysNobodyAndHoldsNoMemory() throws Exception {
    ReplicatedBlocks tight =
        cluster
            .node(1)
            .blocks(
                new ReplicatedBlocks.Settings(
                    SETTINGS.putTimeout(),
                    8 << 20,
                    1 << 20,
                    SETTINGS.hedge(),
                    SETTINGS.readTimeout()));
    cluster.node(1).store.holdPuts();
    for (int i = 1; i <= 60; i++) {
      tight.put(SESSION, block(i), bytes(block(i), 400_000)).get(15, TimeUnit.SECONDS);
    }
    // All but what may be pushed was taken back: the rest is its repair's.
    await().until(() -> cluster.node(1).store.putsTakenBack() >= 57);
    cluster.node(1).store.releasePuts();
  }

  @Test
  void callersWaitForTheBudget() throws Exception {
    for (int i = 1; i <= 3; i++) {
      cluster.node(i).store.holdPuts();
    }
    int most = 4 << 20;
    ReplicatedBlocks tight =
        cluster
            .node(1)
            .blocks(
                new ReplicatedBlocks.Settings(
                    SETTINGS.putTimeout(), 2L * most, most, SETTINGS.hedge(), SETTINGS.hedge()));
    CompletableFuture<StoredBlock> first = tight.put(SESSION, block(1), bytes(block(1), most));
    CompletableFuture<StoredBlock> second = tight.put(SESSION, block(2), bytes(block(2), most));
    AtomicReference<CompletableFuture<StoredBlock>> third = new AtomicReference<>();
    Thread caller =
        new Thread(() -> third.set(tight.put(SESSION, block(3), bytes(block(3), most))));
    caller.start();
    await().until(() -> caller.getState() == Thread.State.TIMED_WAITING);
    assertThat(third).hasNullValue();
    for (int i = 1; i <= 3; i++) {
      cluster.node(i).store.releasePuts();
    }
    first.get(60, TimeUnit.SECONDS);
    second.get(60, TimeUnit.SECONDS);
    caller.join();
    third.get().get(60, TimeUnit.SECONDS);
  }

  @Test
  void aWriterNeedNotBeAReplica() throws Exception {
    ReplicatedBlocks outside = cluster.node(4).blocks(SETTINGS);
    StoredBlock stored =
        outside.put(SESSION, block(1), bytes(block(1), LENGTH)).get(60, TimeUnit.SECONDS);
    assertThat(stored.holders()).doesNotContain(new NodeId(4));
    assertThat(cluster.node(4).store.contains(block(1))).isFalse();
    assertThat(read(outside, 1, 0, LENGTH)).isEqualTo(bytes(block(1), LENGTH));
  }

  @Test
  void whenThePlacementChangesThePutGoesOnUnderTheNewOne() throws Exception {
    cluster.node(2).store.holdPuts();
    cluster.node(3).store.holdPuts();
    CompletableFuture<StoredBlock> put = start(1, LENGTH);
    await().until(() -> cluster.node(3).store.putsHeld() == 1);
    cluster.place(replicas(2, 1, 3, 4));
    // What the old replica says no longer makes a quorum.
    cluster.node(2).store.releasePuts();
    StoredBlock stored = put.get(60, TimeUnit.SECONDS);
    assertThat(stored.placementEpoch()).isEqualTo(2);
    assertThat(stored.holders()).containsExactly(new NodeId(1), new NodeId(4));
    cluster.node(3).store.releasePuts();
  }

  @Test
  void aPutOfAnEndedSessionIsRefused() {
    SessionId over = new SessionId(99);
    cluster.nodes.forEach(node -> node.directory.end(over));
    assertThatThrownBy(
            () ->
                cluster
                    .node(4)
                    .blocks(SETTINGS)
                    .put(over, block(1), bytes(block(1), 10))
                    .get(60, TimeUnit.SECONDS))
        .hasMessageContaining("is over");
  }

  @Test
  void aSessionNotHeardOfYetIsLetIn() throws Exception {
    SessionId young = new SessionId(100);
    cluster
        .node(4)
        .blocks(SETTINGS)
        .put(young, block(1), bytes(block(1), 10))
        .get(60, TimeUnit.SECONDS);
  }

  @Test
  void partsOfABlockAreRead() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    ReplicatedBlocks outside = cluster.node(4).blocks(SETTINGS);
    for (int[] range : new int[][] {{0, 1}, {65_535, 2}, {LENGTH - 1, 1}, {100, 150_000}}) {
      ByteBuffer expected = part(1, range[0], range[1]);
      assertThat(read(cluster.blocks, 1, range[0], range[1])).isEqualTo(expected);
      assertThat(read(outside, 1, range[0], range[1])).isEqualTo(expected);
    }
  }

  @Test
  void aMissingCopyIsReadElsewhereAndNeededAgain() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    cluster.commit(1, LENGTH);
    cluster.node(1).directory.settled(List.of(block(1)));
    cluster.node(1).store.delete(List.of(block(1)));
    assertThat(read(cluster.blocks, 1, 10, 1000)).isEqualTo(part(1, 10, 1000));
    cluster.awaitHeld(1, 1);
  }

  @Test
  void aDamagedCopyIsReadElsewhereAndRepaired() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    cluster.commit(1, LENGTH);
    cluster.node(1).store.damage(block(1));
    assertThat(read(cluster.blocks, 1, 0, LENGTH)).isEqualTo(bytes(block(1), LENGTH));
    cluster.awaitHeld(1, 1);
    await().until(() -> cluster.node(1).directory.neededCount() == 0);
  }

  /** Who has begun to read there waits for it; nobody else does. */
  @Test
  void aDiskThatHangsIsReadAround() throws Exception {
    for (int i = 1; i <= 2; i++) {
      cluster.put(i, LENGTH);
      cluster.awaitHeld(i, 1, 2, 3);
    }
    FaultyBlocks store = cluster.node(1).store;
    store.holdReads();
    ByteBuffer into = ByteBuffer.allocate(10);
    CompletableFuture<CompletableFuture<Void>> hangs =
        CompletableFuture.supplyAsync(() -> cluster.blocks.read(block(1), 0, into));
    await().until(() -> cluster.blocks.isReadAround(block(2)));
    assertThat(read(cluster.blocks, 2, 0, LENGTH)).isEqualTo(bytes(block(2), LENGTH));
    assertThat(store.readsHeld()).isEqualTo(1);
    assertThat(hangs).isNotDone();
    store.releaseReads();
    hangs.get(30, TimeUnit.SECONDS).get(30, TimeUnit.SECONDS);
    assertThat(into.flip()).isEqualTo(part(1, 0, 10));
    // Others have no good copy: what is here is read after all.
    cluster.node(2).store.damage(block(2));
    cluster.node(3).store.damage(block(2));
    assertThat(read(cluster.blocks, 2, 0, LENGTH)).isEqualTo(bytes(block(2), LENGTH));
  }

  @Test
  void damagedCopiesOfOthersAreNotGivenOutEither() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    cluster.node(1).store.damage(block(1));
    cluster.node(2).store.damage(block(1));
    ReplicatedBlocks outside = cluster.node(4).blocks(SETTINGS);
    assertThat(read(outside, 1, 0, LENGTH)).isEqualTo(bytes(block(1), LENGTH));
    cluster.node(3).store.damage(block(1));
    assertThatThrownBy(() -> read(outside, 1, 0, LENGTH))
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("damaged");
  }

  @Test
  void bytesThatAreNotThoseCommittedAreRefused() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    // Node 2 is asked last. Another block under the same number, with a checksum of its own that
    // holds.
    ByteBuffer wrong = bytes(block(2), LENGTH);
    for (int i = 1; i <= 3; i++) {
      cluster.node(i).store.delete(List.of(block(1)));
      if (i != 2) {
        cluster
            .node(i)
            .store
            .put(SESSION, block(1), wrong, Checksums.crc32c(wrong))
            .get(60, TimeUnit.SECONDS);
      }
    }
    ByteBuffer right = bytes(block(1), LENGTH);
    cluster.node(2).store.put(SESSION, block(1), right, Checksums.crc32c(right)).get();
    cluster.node(4).directory.commit(row(1, LENGTH));
    assertThat(read(cluster.node(4).blocks(SETTINGS), 1, 0, LENGTH)).isEqualTo(right);
  }

  @Test
  void aSilentReplicaIsHedged() throws Exception {
    for (int i = 1; i <= 12; i++) {
      cluster.put(i, 1000);
      cluster.awaitHeld(i, 1, 2, 3);
    }
    cluster.node(2).store.holdReads();
    ReplicatedBlocks outside = cluster.node(4).blocks(SETTINGS);
    for (int i = 1; i <= 4; i++) {
      assertThat(read(outside, i, 0, 1000)).isEqualTo(bytes(block(i), 1000));
    }
  }

  @Test
  void aReadLooksTheMapUpAgain() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    BlockId block = block(1);
    // By this node's map the block is at nodes that do not have it, until it applies the next.
    cluster.node(4).directory.place(replicas(1, 4));
    ReplicatedBlocks outside = cluster.node(4).blocks(SETTINGS);
    assertThatThrownBy(() -> read(outside, 1, 0, 10)).hasMessageContaining(block.toString());
    cluster.node(4).directory.place(replicas(2, 1, 2, 3));
    assertThat(read(outside, 1, 0, 10)).isEqualTo(part(1, 0, 10));
  }

  private void assertFull(CompletableFuture<StoredBlock> put) {
    // Long before the time that a put has.
    assertThatThrownBy(() -> put.get(SETTINGS.putTimeout().toSeconds() / 2, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(StoreFullException.class)
        .hasMessageContaining("full");
  }

  @Test
  void aPutFailsAtOnceWhenSoManyAreFullThatNoQuorumIsLeft() throws Exception {
    cluster.put(1, LENGTH);
    cluster.awaitHeld(1, 1, 2, 3);
    for (int[] full : new int[][] {{2, 3}, {1, 3}, {1, 2, 3}}) {
      for (int node : full) {
        cluster.node(node).store.fill(true);
      }
      assertFull(start(2, LENGTH));
      assertFull(cluster.node(4).blocks(SETTINGS).put(SESSION, block(3), bytes(block(3), 10)));
      // What is there is read, and deleted, all the same.
      assertThat(read(cluster.blocks, 1, 10, 1000)).isEqualTo(part(1, 10, 1000));
      for (int node : full) {
        cluster.node(node).store.delete(List.of(block(2), block(3)));
        cluster.node(node).store.fill(false);
      }
    }
    cluster.put(2, LENGTH);
    cluster.awaitHeld(2, 1, 2, 3);
  }

  @Test
  void aFullReplicaIsDoneWithoutAndNotPushedTo() throws Exception {
    cluster.node(3).store.fill(true);
    for (int i = 1; i <= 20; i++) {
      assertThat(cluster.put(i, LENGTH).holders()).containsExactly(new NodeId(1), new NodeId(2));
    }
    // Once, or a few times if its answer was quicker than the quorum.
    int told = cluster.node(3).store.refusedPuts();
    await()
        .during(Duration.ofMillis(500))
        .until(() -> cluster.node(3).store.refusedPuts() <= Math.max(told, 20) + 5);
    cluster.node(3).store.fill(false);
    cluster.put(21, LENGTH);
    cluster.awaitHeld(21, 3);
  }

  @Test
  void aReplicaThatHasSpaceAgainCompletesAPutThatStillWaits() throws Exception {
    cluster.node(2).store.holdPuts();
    cluster.node(3).store.fill(true);
    CompletableFuture<StoredBlock> put = start(1, LENGTH);
    await().until(() -> cluster.node(3).store.refusedPuts() > 0);
    assertThat(put).isNotDone();
    cluster.node(3).store.fill(false);
    assertThat(put.get(60, TimeUnit.SECONDS).holders())
        .containsExactly(new NodeId(1), new NodeId(3));
    cluster.node(2).store.releasePuts();
  }

  @Test
  void aClusterThatIsNotFullButCutOffIsNotSaidToBeFull() {
    cluster.node(2).store.fill(true);
    cluster.node(3).stopListening();
    ReplicatedBlocks hasty = cluster.node(1).blocks(shortTimeout());
    assertThatThrownBy(
            () -> hasty.put(SESSION, block(1), bytes(block(1), 100)).get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("no quorum")
        .cause()
        .isNotInstanceOf(StoreFullException.class);
  }
}
