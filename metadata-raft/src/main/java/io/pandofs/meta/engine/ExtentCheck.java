package io.pandofs.meta.engine;

import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The part of {@link TableCheck} that compares extents with files, in one walk over both, and with
 * blocks: for a run of blocks at a time, all extents of one of them are counted.
 */
final class ExtentCheck {
  private final ReadStore tables;
  private final TableCheck check;

  // The present run: blocks in order of number, and the extents counted for each.
  private final long[] blocks;
  private final int[] lengths;
  private final int[] references;
  private final int[] counted;
  private final long[] lives;
  private final long[] countedBytes;
  private int size;

  ExtentCheck(ReadStore tables, TableCheck check) {
    this.tables = tables;
    this.check = check;
    int run = check.run();
    blocks = new long[run];
    lengths = new int[run];
    references = new int[run];
    counted = new int[run];
    lives = new long[run];
    countedBytes = new long[run];
  }

  void run() {
    files();
    long after = 0;
    boolean isLast;
    do {
      load(after);
      isLast = size < blocks.length;
      long upTo = isLast ? Long.MAX_VALUE : blocks[size - 1];
      countExtents(after, upTo);
      judgeBlocks();
      after = upTo;
    } while (!isLast);
  }

  /** Extents in order of file and offset, beside the files. */
  private void files() {
    long number = -1;
    long end = 0;
    long allocated = 0;
    Inode inode = null;
    try (ReadStore.Cursor rows = tables.scan(Table.EXTENTS, Keys.of(0), null)) {
      while (rows.next()) {
        long owner = Keys.first(rows.key());
        if (owner != number) {
          judgeFile(inode, allocated);
          withoutExtents(number, owner);
          number = owner;
          inode = owner > 0 ? Inode.find(tables, owner) : null;
          end = 0;
          allocated = 0;
        }
        Extent extent = Extents.decode(rows.key(), rows.value());
        if (extent.offset() < end) {
          check.found(
              TableProblem.OVERLAP, "extents of inode " + owner + " overlap at " + extent.offset());
        }
        end = extent.end();
        allocated += extent.length();
        if (inode == null || inode.type != FileType.REGULAR || end > inode.sizeBytes) {
          check.found(
              TableProblem.WRONG_EXTENT,
              "inode " + owner + " has an extent at " + extent.offset() + " and should not");
        }
      }
    }
    judgeFile(inode, allocated);
    withoutExtents(number, Long.MAX_VALUE);
  }

  private void judgeFile(@Nullable Inode inode, long allocated) {
    if (inode != null && inode.type == FileType.REGULAR && inode.allocatedBytes != allocated) {
      wrongAllocation(inode, allocated);
    }
  }

  private void wrongAllocation(Inode inode, long allocated) {
    check.found(
        TableProblem.WRONG_ALLOCATION,
        "inode "
            + inode.id.value()
            + " says it has "
            + inode.allocatedBytes
            + " bytes allocated; its extents have "
            + allocated);
  }

  /** Files between these two have no extent. */
  private void withoutExtents(long after, long before) {
    if (before <= after + 1) {
      return;
    }
    try (ReadStore.Cursor rows =
        tables.scan(Table.INODES, Keys.of(Math.max(0, after + 1)), Keys.of(before))) {
      while (rows.next()) {
        Inode inode = Inode.decode(Keys.first(rows.key()), rows.value());
        judgeFile(inode, 0);
      }
    }
  }

  private void load(long after) {
    size = 0;
    Arrays.fill(counted, 0);
    Arrays.fill(countedBytes, 0);
    try (ReadStore.Cursor stored = tables.scan(Table.BLOCKS, Keys.of(after + 1), null);
        ReadStore.Cursor inline = tables.scan(Table.INLINE, Keys.of(after + 1), null)) {
      boolean hasStored = stored.next();
      boolean hasInline = inline.next();
      while (size < blocks.length && (hasStored || hasInline)) {
        long at = hasStored ? Keys.first(stored.key()) : Long.MAX_VALUE;
        long inTables = hasInline ? Keys.first(inline.key()) : Long.MAX_VALUE;
        if (hasInline && inTables <= at) {
          load(InlineRow.decode(inTables, inline.value()), hasStored && inTables == at);
          hasInline = inline.next();
        } else {
          load(BlockRow.decode(at, stored.value()));
          check.countBlock(lengths[size - 1], false);
          hasStored = stored.next();
        }
      }
    }
  }

  private void load(InlineRow row, boolean isStoredToo) {
    ClusterView.Block block = row.block();
    if (isStoredToo || !row.isIntact()) {
      check.found(
          TableProblem.WRONG_INLINE,
          block.id() + (isStoredToo ? " is in two tables" : " has other bytes than were written"));
    }
    if (!isStoredToo) {
      load(block);
      check.countBlock(block.length(), true);
    }
  }

  private void load(ClusterView.Block block) {
    blocks[size] = block.id().value();
    lengths[size] = block.length();
    references[size] = block.references();
    lives[size] = block.liveBytes();
    size++;
  }

  private void countExtents(long after, long upTo) {
    try (ReadStore.Cursor rows = tables.scan(Table.EXTENTS, Keys.of(0), null)) {
      while (rows.next()) {
        Extent extent = Extents.decode(rows.key(), rows.value());
        long block = extent.block().value();
        if (block > after && block <= upTo) {
          count(Keys.first(rows.key()), extent);
        }
      }
    }
  }

  private void count(long owner, Extent extent) {
    int i = Arrays.binarySearch(blocks, 0, size, extent.block().value());
    if (i < 0) {
      check.found(
          TableProblem.UNKNOWN_BLOCK,
          "inode " + owner + " has bytes in " + extent.block() + ", which is not in the table");
      return;
    }
    counted[i]++;
    countedBytes[i] += extent.length();
    if (extent.blockOffset() + extent.length() > lengths[i]) {
      check.found(
          TableProblem.WRONG_EXTENT,
          "an extent of inode " + owner + " ends behind the end of " + extent.block());
    }
  }

  private void judgeBlocks() {
    for (int i = 0; i < size; i++) {
      if (references[i] != counted[i] || lives[i] != countedBytes[i]) {
        check.found(
            TableProblem.WRONG_REFERENCES,
            "block "
                + Long.toHexString(blocks[i])
                + " has "
                + references[i]
                + " references to "
                + lives[i]
                + " bytes, and "
                + counted[i]
                + " extents of "
                + countedBytes[i]);
      }
    }
  }
}
