package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Several nodes in this process, grown from one as a person would. */
final class TestCluster implements AutoCloseable {
  final List<TestNode> nodes = new ArrayList<>();

  TestCluster(Path dir, int count, Consumer<TestNode> setUp) throws IOException {
    for (int i = 0; i < count; i++) {
      TestNode node = new TestNode(dir, "n" + (i + 1));
      setUp.accept(node);
      nodes.add(node);
      if (i == 0) {
        node.bootstrap();
      } else {
        node.join(nodes.get(i - 1));
      }
    }
  }

  TestNode node(int i) {
    return nodes.get(i);
  }

  TestNode leader() {
    return await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              for (TestNode node : nodes) {
                if (node.isRunning() && node.status().role().equals("LEADER")) {
                  return node;
                }
              }
              return null;
            },
            found -> found != null);
  }

  TestNode follower() throws Exception {
    TestNode leader = leader();
    for (TestNode node : nodes) {
      if (node.isRunning() && node != leader) {
        return node;
      }
    }
    throw new IllegalStateException("no follower");
  }

  /** All running nodes have the same tables. */
  void assertAlike() throws Exception {
    leader().replica().hashTables(TestNode.PATIENCE);
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              Set<Long> indexes = null;
              for (TestNode node : nodes) {
                if (node.isRunning()) {
                  Set<Long> own = node.status().tableHashes().keySet();
                  if (indexes == null) {
                    indexes = new HashSet<>(own);
                  } else {
                    indexes.retainAll(own);
                  }
                }
              }
              assertThat(indexes).isNotEmpty();
            });
    Set<String> newest = new HashSet<>();
    long index = newestCommonIndex();
    for (TestNode node : nodes) {
      if (node.isRunning()) {
        newest.add(String.valueOf(node.status().tableHashes().get(index)));
      }
    }
    assertThat(newest).hasSize(1);
  }

  private long newestCommonIndex() throws Exception {
    Set<Long> common = null;
    for (TestNode node : nodes) {
      if (node.isRunning()) {
        Set<Long> own = node.status().tableHashes().keySet();
        if (common == null) {
          common = new HashSet<>(own);
        } else {
          common.retainAll(own);
        }
      }
    }
    if (common == null) {
      return -1;
    }
    return common.stream().mapToLong(Long::longValue).max().orElse(-1);
  }

  static Set<NodeId> voters(TestNode node) throws Exception {
    return Set.copyOf(node.status().voters());
  }

  @Override
  public void close() throws IOException {
    for (TestNode node : nodes) {
      if (node.isRunning()) {
        node.close();
      }
    }
  }
}
