package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockRow;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Compares the log's block table with the local store by one scan of both, and puts what this node
 * must hold and does not into the needed set. Rows are read before the store is: a block that is
 * committed and stored meanwhile is seen as held, and one too many in the needed set does no harm.
 */
final class Comparison {
  private static final int PAGE = 1024;

  private final Replication replication;
  private final BooleanSupplier cancelled;
  private final boolean[] mine = new boolean[BlockId.GROUPS];
  private final Deque<LocalBlock> stored = new ArrayDeque<>();
  private long scanned;
  private boolean storeEnded;
  private long missing;

  Comparison(Replication replication, BooleanSupplier cancelled) {
    this.replication = replication;
    this.cancelled = cancelled;
  }

  /** Returns how many blocks were found missing. */
  long run() throws IOException {
    for (int group = 0; group < mine.length; group++) {
      mine[group] = replication.isReplicaOf(group);
    }
    BlockDirectory directory = replication.directory();
    List<BlockRow> rows = directory.rowsAfter(0, PAGE);
    while (!rows.isEmpty() && !cancelled.getAsBoolean()) {
      List<BlockId> need = new ArrayList<>();
      for (BlockRow row : rows) {
        if (mine[row.block().group()] && !isStored(row)) {
          need.add(row.block());
        }
      }
      if (!need.isEmpty()) {
        directory.need(need);
        missing += need.size();
      }
      rows = directory.rowsAfter(rows.get(rows.size() - 1).block().value(), PAGE);
    }
    return missing;
  }

  private boolean isStored(BlockRow row) throws IOException {
    while (true) {
      if (stored.isEmpty() && !storeEnded) {
        // Jumps over stored blocks before this row, which no row up to here references.
        nextPage(Math.max(scanned, row.block().value() - 1));
      }
      LocalBlock next = stored.peek();
      if (next == null || next.block().compareTo(row.block()) > 0) {
        return false;
      }
      if (next.block().equals(row.block())) {
        return next.is(row.length(), row.crc32c());
      }
      stored.remove();
    }
  }

  private void nextPage(long after) throws IOException {
    List<LocalBlock> page = replication.local().scan(after, PAGE);
    stored.addAll(page);
    storeEnded = page.isEmpty();
    if (!storeEnded) {
      scanned = page.get(page.size() - 1).block().value();
    }
  }
}
