package io.pandofs.block.replication;

import static org.awaitility.Awaitility.await;

import io.pandofs.block.BlockRow;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.Replicas;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.NetThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Four nodes over real connections on the loopback device; the first three are the replicas. */
final class TestCluster implements AutoCloseable {
  static final SessionId SESSION = new SessionId(11);
  static final ReplicatedBlocks.Settings SETTINGS =
      new ReplicatedBlocks.Settings(
          Duration.ofSeconds(20),
          32 << 20,
          32 << 20,
          Duration.ofMillis(200),
          Duration.ofSeconds(20));

  /** Makes the store of the node with this number. */
  interface StoreMaker {
    LocalBlocks make(int node) throws IOException;
  }

  final List<TestNode> nodes = new ArrayList<>();
  final ReplicatedBlocks blocks;
  private final NetThreads threads = new NetThreads("replication-test", 2);
  private final Map<NodeId, InetSocketAddress> addresses = new ConcurrentHashMap<>();

  TestCluster(StoreMaker stores) throws IOException {
    for (int i = 1; i <= 4; i++) {
      TestNode node =
          new TestNode(new NodeId(i), stores.make(i), replicas(1, 1, 2, 3), threads, addresses);
      node.directory.begin(SESSION);
      node.listen();
      nodes.add(node);
    }
    blocks = node(1).blocks(SETTINGS);
  }

  static Replicas replicas(long epoch, int... numbers) {
    List<NodeId> ids = new ArrayList<>();
    for (int number : numbers) {
      ids.add(new NodeId(number));
    }
    return new Replicas(epoch, ids, ids.size() / 2 + 1);
  }

  TestNode node(int number) {
    return nodes.get(number - 1);
  }

  void place(Replicas replicas) {
    nodes.forEach(node -> node.directory.place(replicas));
  }

  static BlockId block(long serial) {
    return BlockId.ofSerial(serial);
  }

  static List<BlockId> blocks(long first, long last) {
    List<BlockId> blocks = new ArrayList<>();
    for (long serial = first; serial <= last; serial++) {
      blocks.add(block(serial));
    }
    return blocks;
  }

  /** Bytes that are the block's own. */
  static ByteBuffer bytes(BlockId block, int length) {
    byte[] bytes = new byte[length];
    new Random(block.value()).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  StoredBlock put(long serial, int length) throws Exception {
    BlockId block = block(serial);
    return blocks.put(SESSION, block, bytes(block, length)).get(60, TimeUnit.SECONDS);
  }

  static BlockRow row(long serial, int length) {
    BlockId block = block(serial);
    return new BlockRow(block, length, Checksums.crc32c(bytes(block, length)));
  }

  /** Every node applies the commit. */
  void commit(long serial, int length) {
    nodes.forEach(node -> node.directory.commit(row(serial, length)));
  }

  /**
   * Waits until every replica is said to hold it, so that later puts and repairs are told apart.
   */
  void awaitHeld(long serial, int... numbers) {
    for (int number : numbers) {
      await()
          .pollDelay(Duration.ZERO)
          .atMost(Duration.ofSeconds(60))
          .until(() -> node(number).store.isGood(block(serial)));
    }
  }

  @Override
  public void close() {
    nodes.forEach(TestNode::close);
    threads.close();
    nodes.forEach(node -> node.store.close());
  }
}
