package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;

/** Takes bytes out of the tables that are on their block's replicas by now. */
final class MoveInlineOperation {
  private MoveInlineOperation() {}

  static Reply apply(Operation.MoveInline move, Change change) {
    PlacementRow.Glance placement = PlacementRow.glance(change.tables());
    long moved = 0;
    long bytes = 0;
    for (NewBlock stored : move.blocks()) {
      InlineRow row = InlineRow.find(change.tables(), stored.block());
      if (row == null
          || row.block().length() != stored.length()
          || row.block().crc32c() != stored.crc32c()
          || !NewBlocks.isWitnessed(stored, placement)) {
        continue;
      }
      row.delete(change.write());
      BlockRow.save(change.write(), row.block());
      change.effects().blockReferenced(stored.block(), stored.length(), stored.crc32c());
      moved++;
      bytes += stored.length();
    }
    Totals.addBytes(change.write(), 0, -bytes);
    return new Reply(Errno.OK, null, moved);
  }
}
