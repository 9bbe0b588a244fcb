package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.StoragePolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks for blocks whose bytes are in the tables. */
public final class InlineScan {
  private InlineScan() {}

  /** See {@link io.pandofs.meta.CompactableFiles#inline}. */
  public static byte @Nullable [] find(ReadStore tables, BlockId block) {
    InlineRow row = InlineRow.find(tables, block);
    return row == null ? null : row.bytes();
  }

  /**
   * Whether small data may go into the log: there is less than this of it, and a write is one when
   * a majority has it. The log does not wait for all nodes.
   */
  public static boolean isWelcome(ReadStore tables, long bytesMax) {
    return bytes(tables) < bytesMax
        && PlacementRow.glance(tables).policy().writeQuorum() == StoragePolicy.WriteQuorum.MAJORITY;
  }

  /** See {@link io.pandofs.meta.InlineBlocks#bytes}. */
  public static long bytes(ReadStore tables) {
    return Totals.load(tables).inlineBytes();
  }

  /** See {@link io.pandofs.meta.InlineBlocks#oldest}. Numbers are granted in order of time. */
  public static List<InlineBlock> oldest(ReadStore tables, long after, long bytesMax) {
    List<InlineBlock> found = new ArrayList<>();
    long bytes = 0;
    try (ReadStore.Cursor rows = tables.scan(Table.INLINE, Keys.of(after + 1), null)) {
      while (rows.next()) {
        InlineRow row = InlineRow.decode(Keys.first(rows.key()), rows.value());
        ClusterView.Block block = row.block();
        if (!row.isIntact()) {
          continue; // Others find that, and nobody is to be told that these are the bytes.
        }
        bytes += block.length();
        if (bytes > bytesMax && !found.isEmpty()) {
          return found;
        }
        found.add(new InlineBlock(block.id(), row.bytes(), block.crc32c()));
      }
    }
    return found;
  }
}
