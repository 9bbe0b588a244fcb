package io.pandofs.meta;

import io.pandofs.common.BlockId;
import java.util.List;

/**
 * A part of a file that has bytes: {@code [offset, offset + length)} of the file is {@code
 * [blockOffset, blockOffset + length)} of the block. What no extent covers is a hole and reads as
 * zeros.
 */
public record Extent(long offset, long length, BlockId block, int blockOffset) {
  public long end() {
    return offset + length;
  }

  /** What of it lies in {@code [from, to)} of the file, which must be within it. */
  public Extent part(long from, long to) {
    return new Extent(from, to - from, block, (int) (blockOffset + (from - offset)));
  }

  /** Adds an extent to a list, as part of its last one if it goes on there in file and block. */
  public static void append(List<Extent> extents, Extent next) {
    int last = extents.size() - 1;
    Extent before = last < 0 ? null : extents.get(last);
    if (before != null
        && before.end() == next.offset
        && before.block.equals(next.block)
        && before.blockOffset + before.length == next.blockOffset) {
      long length = before.length + next.length;
      extents.set(last, new Extent(before.offset, length, before.block, before.blockOffset));
    } else {
      extents.add(next);
    }
  }
}
