package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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

  /**
   * Writes the rows.
   *
   * @param created blocks that have no row yet
   */
  void save(Store store, List<NewBlock> created, LocalEffects effects) {
    long bytes = 0;
    for (NewBlock block : created) {
      Sum sum = changes.remove(block.block());
      if (sum == null || sum.references <= 0) {
        throw new IllegalStateException("a new block that no extent covers");
      }
      BlockRow.save(
          store,
          new ClusterView.Block(
              block.block(), block.length(), block.crc32c(), sum.references, sum.bytes));
      bytes += block.length();
      effects.blockReferenced(block.block(), block.length(), block.crc32c());
    }
    for (Map.Entry<BlockId, Sum> change : changes.entrySet()) {
      bytes -= save(store, change.getKey(), change.getValue(), effects);
    }
    changes.clear();
    Totals.add(store, 0, bytes);
  }

  /** The bytes that are no longer stored. */
  private static long save(Store store, BlockId id, Sum change, LocalEffects effects) {
    if (change.references == 0 && change.bytes == 0) {
      return 0;
    }
    ClusterView.Block block = BlockRow.find(store, id);
    if (block == null
        || block.references() + change.references < 0
        || block.liveBytes() + change.bytes < 0) {
      throw new StoreException("damaged tables: an extent of " + id + " that was not counted");
    }
    int references = block.references() + change.references;
    if (references > 0) {
      long live = block.liveBytes() + change.bytes;
      BlockRow.save(
          store, new ClusterView.Block(id, block.length(), block.crc32c(), references, live));
      return 0;
    }
    store.delete(Table.BLOCKS, Keys.of(id.value()));
    effects.blockDropped(id);
    return block.length();
  }
}
