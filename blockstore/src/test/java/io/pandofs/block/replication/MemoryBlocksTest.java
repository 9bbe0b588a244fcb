package io.pandofs.block.replication;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocksContract;

class MemoryBlocksTest extends LocalBlocksContract {
  @Override
  protected LocalBlocks make() {
    return new MemoryBlocks();
  }

  @Override
  protected LocalBlocks reopen(LocalBlocks blocks) {
    return blocks;
  }
}
