package io.pandofs.block.disks;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocksContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Three disks keep to what one does. */
final class DiskSetContractTest extends LocalBlocksContract {
  @TempDir Path directory;
  private final Disks disks = new Disks();

  @AfterEach
  void closeDisks() {
    disks.close();
  }

  @Override
  protected LocalBlocks make() throws Exception {
    return disks.set(directory, "a", "b", "c");
  }

  @Override
  protected LocalBlocks reopen(LocalBlocks blocks) throws Exception {
    blocks.close();
    return make();
  }
}
