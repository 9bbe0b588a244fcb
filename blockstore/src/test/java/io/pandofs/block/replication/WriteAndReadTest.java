package io.pandofs.block.replication;

import java.io.IOException;

class WriteAndReadTest extends WriteAndReadSuite {
  @Override
  TestCluster make() throws IOException {
    return new TestCluster(node -> new MemoryBlocks());
  }
}
