package io.pandofs.block.replication;

import java.io.IOException;

class RepairTest extends RepairSuite {
  @Override
  TestCluster make() throws IOException {
    return new TestCluster(node -> new MemoryBlocks());
  }
}
