package io.pandofs.meta;

import io.pandofs.common.BlockId;

/**
 * A part of a file that has bytes: {@code [offset, offset + length)} of the file is {@code
 * [blockOffset, blockOffset + length)} of the block. What no extent covers is a hole and reads as
 * zeros.
 */
public record Extent(long offset, long length, BlockId block, int blockOffset) {
  public long end() {
    return offset + length;
  }
}
