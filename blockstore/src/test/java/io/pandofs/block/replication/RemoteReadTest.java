package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whom a read asks that finds nothing here. */
final class RemoteReadTest {
  private static final int LENGTH = 1000;
  private static final int MANY = 12;
  private static final long LONG_NANOS = Duration.ofMinutes(5).toNanos();

  private TestCluster cluster;

  @BeforeEach
  void make() throws Exception {
    cluster = new TestCluster(node -> new MemoryBlocks());
    for (int i = 1; i <= MANY; i++) {
      for (TestNode node : cluster.nodes.subList(0, 3)) {
        ByteBuffer bytes = bytes(block(i), LENGTH);
        node.store.put(SESSION, block(i), bytes, Checksums.crc32c(bytes)).get();
      }
    }
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  private CompletableFuture<Void> read(PeerLoads loads, long serial, ByteBuffer into) {
    return new RemoteRead(
            cluster.node(4).replication,
            loads,
            Duration.ofMinutes(1),
            block(serial),
            0,
            into.remaining(),
            RemoteRead.ROUNDS_FOR_READERS)
        .into(into);
  }

  private void assertRead(PeerLoads loads, long serial) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    read(loads, serial, into).get(60, TimeUnit.SECONDS);
    assertThat(into.flip()).isEqualTo(bytes(block(serial), LENGTH));
  }

  @Test
  void theLeastLoadedReplicaIsAsked() throws Exception {
    PeerLoads loads = new PeerLoads(LONG_NANOS, LONG_NANOS);
    for (int i = 0; i < 50; i++) {
      loads.begin(new NodeId(2));
      loads.end(new NodeId(2), LONG_NANOS);
    }
    for (int i = 1; i <= MANY; i++) {
      assertRead(loads, i);
    }
    assertThat(cluster.node(2).store.reads()).isZero();
    assertThat(cluster.node(1).store.reads()).isPositive();
    assertThat(cluster.node(3).store.reads()).isPositive();
  }

  @Test
  void anAnswerAfterTheReadWasGivenUpLeavesTheBufferAlone() throws Exception {
    for (TestNode node : cluster.nodes.subList(0, 3)) {
      node.store.holdReads();
    }
    cluster.node(4).scheduler.shutdownNow();
    PeerLoads loads = new PeerLoads(LONG_NANOS, LONG_NANOS);
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    assertThatThrownBy(() -> read(loads, 1, into).get(60, TimeUnit.SECONDS))
        .hasMessageContaining("stopping");
    await().until(() -> held() == 1);
    for (TestNode node : cluster.nodes.subList(0, 3)) {
      node.store.releaseReads();
    }
    await().during(Duration.ofMillis(300)).until(() -> into.position() == 0);
    assertThat(into).isEqualTo(ByteBuffer.allocate(LENGTH));
  }

  private long held() {
    return cluster.nodes.subList(0, 3).stream().mapToLong(node -> node.store.readsHeld()).sum();
  }

  @Test
  void othersThanReplicasAreAskedOnlyWhenAllReplicasHaveFailed() throws Exception {
    cluster.node(4).directory.place(replicas(2, 1, 2));
    cluster.node(4).members = List.of(new NodeId(1), new NodeId(2), new NodeId(3), new NodeId(4));
    PeerLoads loads = new PeerLoads(1, Duration.ofMillis(20).toNanos());
    cluster.node(1).store.holdReads();
    cluster.node(2).store.holdReads();
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    CompletableFuture<Void> read = read(loads, 1, into);
    await()
        .until(
            () -> cluster.node(1).store.readsHeld() == 1 && cluster.node(2).store.readsHeld() == 1);
    await().during(Duration.ofMillis(300)).until(() -> cluster.node(3).store.reads() == 0);
    cluster.node(1).store.damage(block(1));
    cluster.node(2).store.damage(block(1));
    cluster.node(1).store.releaseReads();
    cluster.node(2).store.releaseReads();
    read.get(60, TimeUnit.SECONDS);
    assertThat(into.flip()).isEqualTo(bytes(block(1), LENGTH));
    assertThat(cluster.node(3).store.reads()).isEqualTo(1);
  }
}
