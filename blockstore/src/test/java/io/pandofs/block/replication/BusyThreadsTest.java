package io.pandofs.block.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Nobody waits for a write because others read. */
class BusyThreadsTest {
  @Test
  void aPutIsAcknowledgedWhileAllThreadsThatReadAreBusy() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (TestCluster cluster = new TestCluster(node -> new MemoryBlocks())) {
      try {
        for (TestNode node : List.of(cluster.node(1), cluster.node(2), cluster.node(3))) {
          for (int thread = 0; thread < TestNode.DISK_THREADS; thread++) {
            node.disk.execute(() -> awaitQuietly(over));
          }
        }
        assertThat(cluster.put(1, 4096).holders()).hasSizeGreaterThanOrEqualTo(2);
      } finally {
        over.countDown();
      }
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
