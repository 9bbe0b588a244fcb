package io.pandofs.tools.node;

import io.pandofs.block.BlockRow;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.replication.BlockAudit;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.engine.TableCheck;
import io.pandofs.meta.raft.StoppedTables;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Checks the tables, and this node's blocks against them. */
public final class Fsck {
  private Fsck() {}

  /**
   * Checks the data of a node that does not run. Opens its stores as a start does, which removes
   * what a crash left half done and may give space back; changes no row of the tables and no block.
   */
  public static Map<String, @Nullable Object> offline(NodeConfig config, boolean deep)
      throws Refusal {
    try (StoppedTables tables = StoppedTables.open(config.dataDirectory());
        Parts parts = new Parts()) {
      LocalBlocks local = NodeDisks.openAll(config, tables.identity(), new SystemClock(), parts);
      BlockAudit.Report blocks = BlockAudit.of(local, atRest(tables), deep);
      Map<String, @Nullable Object> document = document(tables.check(), blocks, deep);
      document.put("index", tables.index());
      return document;
    } catch (IOException e) {
      throw new Refusal("Cannot check: " + e.getMessage() + ".", e);
    }
  }

  private static BlockAudit.Table atRest(StoppedTables tables) {
    ClusterView cluster = tables.cluster();
    Placement placement = cluster.placement();
    NodeId self = tables.identity().node();
    return new BlockAudit.Table() {
      @Override
      public List<BlockRow> rowsAfter(long after, int limit) {
        return cluster.blocksAfter(after, limit).stream()
            .map(row -> new BlockRow(row.id(), row.length(), row.crc32c()))
            .toList();
      }

      @Override
      public boolean isReferenced(BlockId block) {
        return cluster.isReferenced(block);
      }

      @Override
      public boolean isMine(int group) {
        return placement.replicas(group).contains(self);
      }

      @Override
      public boolean isNeeded(BlockId block) {
        return tables.isNeeded(block);
      }

      @Override
      public boolean hasEnded(SessionId session) {
        return cluster.hasEnded(session);
      }
    };
  }

  static Map<String, @Nullable Object> document(
      TableCheck.Report tables, BlockAudit.Report blocks, boolean deep) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    long problems =
        tables.problems().values().stream().mapToLong(Long::longValue).sum()
            + blocks.missing().size()
            + blocks.damaged().size();
    document.put("problems", problems);
    Map<String, @Nullable Object> kinds = new TreeMap<>();
    tables
        .problems()
        .forEach((kind, count) -> kinds.put(kind.name().toLowerCase(java.util.Locale.ROOT), count));
    document.put("tables", kinds);
    document.put("inodes", tables.inodes());
    Map<String, @Nullable Object> store = new LinkedHashMap<>();
    store.put("referenced", blocks.referenced());
    store.put("bytes", blocks.bytes());
    store.put("checked_bytes", deep ? blocks.bytes() : 0);
    store.put("missing", blocks.missing().size());
    store.put("damaged", blocks.damaged().size());
    store.put("awaited", blocks.awaited());
    store.put("leftover", blocks.leftover());
    store.put("leftover_bytes", blocks.leftoverBytes());
    store.put("uncommitted", blocks.uncommitted());
    store.put("foreign", blocks.foreign());
    document.put("blocks", store);
    List<String> examples = new ArrayList<>(tables.examples());
    examples.addAll(blocks.examples());
    document.put("examples", examples);
    document.put("unrepaired", problems);
    return document;
  }
}
