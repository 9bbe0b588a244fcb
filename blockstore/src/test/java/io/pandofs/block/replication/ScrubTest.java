package io.pandofs.block.replication;

import java.io.IOException;

class ScrubTest extends ScrubSuite {
  @Override
  TestCluster make() throws IOException {
    return new TestCluster(node -> new MemoryBlocks());
  }
}
