package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.meta.Extent;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one operation does to the references of blocks, summed up and then written at once: a block
 * that is cut in two and put back is no block dropped.
 */
final class BlockReferences {
  private final Map<BlockId, Sum> changes = new TreeMap<>();

  /** What changes of one block. */
  private static final class Sum {
    int references;
    long bytes;
  }

  void add(Extent extent) {
    Sum sum = changes.computeIfAbsent(extent.block(), ignored -> new Sum());
    sum.references++;
    sum.bytes += extent.length();
  }

  void remove(Extent extent) {
    Sum sum = changes.computeIfAbsent(extent.block(), ignored -> new Sum());
    sum.references--;
    sum.bytes -= extent.length();
  }

  /** A block's row, wherever its bytes are; null if there is none. */
  static ClusterView.@Nullable Block find(ReadStore tables, BlockId block) {
    InlineRow inline = InlineRow.find(tables, block);
    return inline == null ? BlockRow.find(tables, block) : inline.block();
  }

  /** Writes the rows, of which all are there. */
  void save(Store store, LocalEffects effects) {
    save(store, List.of(), List.of(), effects);
  }

  /**
   * Writes the rows.
   *
   * @param created blocks that have no row yet
   * @param inline such as come with their bytes
   */
  void save(Store store, List<NewBlock> created, List<InlineBlock> inline, LocalEffects effects) {
    long stored = 0;
    for (NewBlock block : created) {
      Sum sum = taken(block.block());
      BlockRow.save(
          store,
          new ClusterView.Block(
              block.block(), block.length(), block.crc32c(), sum.references, sum.bytes));
      stored += block.length();
      effects.blockReferenced(block.block(), block.length(), block.crc32c());
    }
    long inTables = 0;
    for (InlineBlock block : inline) {
      save(store, block, taken(block.block()));
      inTables += block.bytes().length;
    }
    for (Map.Entry<BlockId, Sum> change : changes.entrySet()) {
      if (change.getValue().references != 0 || change.getValue().bytes != 0) {
        InlineRow row = InlineRow.find(store, change.getKey());
        if (row == null) {
          stored -= save(store, change.getKey(), change.getValue(), effects);
        } else {
          inTables -= save(store, row, change.getValue());
        }
      }
    }
    changes.clear();
    Totals.addBytes(store, stored + inTables, inTables);
  }

  /**
   * Writes the rows over tables that others may change meanwhile: there counts are not all known,
   * so no row goes, and what is on replicas is left alone. A block that is cut stays readable here
   * whatever becomes of its row below.
   */
  void saveAhead(Store store, List<InlineBlock> inline) {
    for (InlineBlock block : inline) {
      save(store, block, taken(block.block()));
    }
    for (Map.Entry<BlockId, Sum> change : changes.entrySet()) {
      InlineRow row = InlineRow.find(store, change.getKey());
      if (row != null) {
        int references = row.block().references() + change.getValue().references;
        long live = Math.max(0, row.block().liveBytes() + change.getValue().bytes);
        if (references > 0) {
          row.counting(references, live).save(store);
        }
      }
    }
    changes.clear();
  }

  private static void save(Store store, InlineBlock block, Sum sum) {
    int length = block.bytes().length;
    new InlineRow(
            new ClusterView.Block(block.block(), length, block.crc32c(), sum.references, sum.bytes),
            block.bytes())
        .save(store);
  }

  private Sum taken(BlockId created) {
    Sum sum = changes.remove(created);
    if (sum == null || sum.references <= 0) {
      throw new IllegalStateException("a new block that no extent covers");
    }
    return sum;
  }

  /** The bytes that are no longer stored. */
  private static long save(Store store, BlockId id, Sum change, LocalEffects effects) {
    ClusterView.Block block = changed(id, BlockRow.find(store, id), change);
    if (block.references() > 0) {
      BlockRow.save(store, block);
      return 0;
    }
    store.delete(Table.BLOCKS, Keys.of(id.value()));
    effects.blockDropped(id);
    return block.length();
  }

  /** The same of one whose bytes are in the tables. */
  private static long save(Store store, InlineRow row, Sum change) {
    ClusterView.Block block = changed(row.block().id(), row.block(), change);
    if (block.references() > 0) {
      row.counting(block.references(), block.liveBytes()).save(store);
      return 0;
    }
    row.delete(store);
    return block.length();
  }

  private static ClusterView.Block changed(
      BlockId id, ClusterView.@Nullable Block block, Sum change) {
    if (block == null
        || block.references() + change.references < 0
        || block.liveBytes() + change.bytes < 0) {
      throw new StoreException("damaged tables: an extent of " + id + " that was not counted");
    }
    return new ClusterView.Block(
        id,
        block.length(),
        block.crc32c(),
        block.references() + change.references,
        block.liveBytes() + change.bytes);
  }
}
