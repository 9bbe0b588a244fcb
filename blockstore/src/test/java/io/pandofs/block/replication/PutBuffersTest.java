package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.SETTINGS;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The memory of puts stays within what its budgets say, however small and slow they are. */
class PutBuffersTest {
  private static final int BLOCK = 4 << 20;

  @Test
  void whatIsHeldIsNeverMoreThanTheBudget() throws Exception {
    Random random = new Random(7);
    for (int longest : List.of(1, 4096, 70_000, BLOCK)) {
      PutBuffers buffers = new PutBuffers(BLOCK, BLOCK, ByteBuffer::allocate);
      for (int round = 0; round < 3; round++) {
        List<ByteBuffer> held = new ArrayList<>();
        List<Integer> lengths = new ArrayList<>();
        int length = 1 + random.nextInt(longest);
        while (buffers.takePut(length, Duration.ZERO)) {
          held.add(buffers.copyOf(ByteBuffer.allocate(length)));
          lengths.add(length);
          length = 1 + random.nextInt(longest);
        }
        assertThat(held.stream().mapToLong(ByteBuffer::capacity).sum()).isBetween(1L, (long) BLOCK);
        held.forEach(buffers::reuse);
        lengths.forEach(buffers::givePut);
      }
    }
  }

  @Test
  void aNodeThatDoesNotListenHoldsNoMemory() throws Exception {
    try (TestCluster cluster = new TestCluster(node -> new MemoryBlocks())) {
      TestNode node = cluster.node(1);
      PutBuffers buffers = new PutBuffers(BLOCK, BLOCK, ByteBuffer::allocate);
      ReplicatedBlocks blocks =
          new ReplicatedBlocks(
              node.replication, node.keeper, node.reads, waiting(Duration.ofMinutes(10)), buffers);
      cluster.node(3).stopListening();
      for (int serial = 1; serial <= 3; serial++) {
        var unused =
            blocks
                .put(SESSION, block(serial), bytes(block(serial), BLOCK))
                .get(60, TimeUnit.SECONDS);
        await().atMost(Duration.ofSeconds(60)).until(() -> buffers.tryTakePush(BLOCK));
        buffers.givePush(BLOCK);
      }
    }
  }

  @Test
  void whoFindsNoRoomInTimeIsToldSo() throws Exception {
    try (TestCluster cluster = new TestCluster(node -> new MemoryBlocks())) {
      TestNode node = cluster.node(1);
      PutBuffers buffers = new PutBuffers(BLOCK, BLOCK, ByteBuffer::allocate);
      ReplicatedBlocks blocks =
          new ReplicatedBlocks(
              node.replication, node.keeper, node.reads, waiting(Duration.ofMillis(50)), buffers);
      assertThat(buffers.takePut(BLOCK, Duration.ZERO)).isTrue();
      assertThatThrownBy(() -> blocks.put(SESSION, block(1), bytes(block(1), 10)).get())
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("no room");
    }
  }

  private static ReplicatedBlocks.Settings waiting(Duration putTimeout) {
    return new ReplicatedBlocks.Settings(
        putTimeout, BLOCK, BLOCK, SETTINGS.hedge(), SETTINGS.readTimeout());
  }
}
