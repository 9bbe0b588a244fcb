package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.block.StoredBlock;
import io.pandofs.block.net.BlockClient;
import io.pandofs.block.net.RemoteBlock;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When memory gives out, what was under way fails, and what comes after it goes on. */
class OutOfMemoryTest {
  private static final int BLOCK = 4 << 20;

  private TestCluster cluster;

  @BeforeEach
  void make() throws Exception {
    cluster = new TestCluster(node -> new MemoryBlocks());
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void aPutWithoutMemoryFailsAndGivesItsRoomBack() throws Exception {
    AtomicInteger failuresLeft = new AtomicInteger(3);
    PutBuffers buffers =
        new PutBuffers(
            BLOCK,
            BLOCK,
            capacity -> {
              if (failuresLeft.getAndDecrement() > 0) {
                throw new OutOfMemoryError("planted");
              }
              return ByteBuffer.allocate(capacity);
            });
    TestNode node = cluster.node(1);
    ReplicatedBlocks blocks =
        new ReplicatedBlocks(
            node.replication, node.keeper, node.reads, TestCluster.SETTINGS, buffers);
    for (int serial = 1; serial <= 3; serial++) {
      CompletableFuture<StoredBlock> put = put(blocks, serial);
      assertThatThrownBy(() -> put.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(IOException.class);
    }
    assertThat(put(blocks, 4).get(30, TimeUnit.SECONDS).length()).isEqualTo(BLOCK);
  }

  /** On a thread of its own, as it may wait for room. */
  private static CompletableFuture<StoredBlock> put(ReplicatedBlocks blocks, long serial) {
    return CompletableFuture.supplyAsync(
            () -> blocks.put(SESSION, block(serial), bytes(block(serial), BLOCK)))
        .thenCompose(done -> done);
  }

  @Test
  void aServerWithoutMemoryAnswersAndGivesItsRoomBack() throws Exception {
    cluster.put(1, BLOCK);
    cluster.awaitHeld(1, 1);
    cluster.node(1).store.exhaust(true);
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> readFromFirst()).hasCauseInstanceOf(RemoteException.class);
    }
    cluster.node(1).store.exhaust(false);
    try (RemoteBlock read = readFromFirst()) {
      assertThat(read.bytes()).isEqualTo(bytes(block(1), BLOCK));
    }
  }

  private RemoteBlock readFromFirst() throws Exception {
    InetSocketAddress server = cluster.node(4).replication.peers().addressOf(new NodeId(1));
    assertThat(server).isNotNull();
    return new BlockClient(cluster.node(4).connections)
        .read(server, block(1), 0, BLOCK, Duration.ofSeconds(10))
        .get(30, TimeUnit.SECONDS);
  }

  @Test
  void aPassThatFoundNoMemoryIsRunAgain() {
    AtomicInteger runs = new AtomicInteger();
    TestNode node = cluster.node(1);
    Passes passes =
        new Passes(
            "test",
            node.disk,
            node.scheduler,
            () -> {
              if (runs.incrementAndGet() == 1) {
                throw new OutOfMemoryError("planted");
              }
              return -1;
            });
    passes.wake();
    await().until(() -> runs.get() == 1);
    await()
        .until(
            () -> {
              passes.wake();
              return runs.get() > 1;
            });
    passes.close();
  }
}
