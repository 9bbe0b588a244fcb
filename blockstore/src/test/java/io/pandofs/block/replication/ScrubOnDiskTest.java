package io.pandofs.block.replication;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

class ScrubOnDiskTest extends ScrubSuite {
  @TempDir Path directory;
  private final RealStores stores = new RealStores();

  @Override
  TestCluster make() throws IOException {
    return new TestCluster(node -> stores.open(directory.resolve("n" + node)));
  }

  @AfterEach
  void closeStores() {
    stores.close();
  }
}
