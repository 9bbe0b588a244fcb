package io.pandofs.meta.raft;

import io.pandofs.common.InodeId;
import io.pandofs.meta.CompactableFiles;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.InlineBlocks;
import io.pandofs.meta.engine.CompactionStep;
import io.pandofs.meta.engine.InlineScan;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The files of this node's applied tables, and the blocks in them; whoever leads stores anew what
 * lies badly, and on its replicas what lies in the tables.
 */
final class ReplicaFiles implements CompactableFiles, InlineBlocks {
  private final BlockTables tables;
  private final BooleanSupplier leads;

  ReplicaFiles(BlockTables tables, BooleanSupplier leads) {
    this.tables = tables;
    this.leads = leads;
  }

  @Override
  public boolean areOurs() {
    return leads.getAsBoolean();
  }

  @Override
  public Step next(InodeId file, long from, boolean atRest) {
    return tables.look(store -> CompactionStep.next(store, file, from, atRest));
  }

  @Override
  public long bytes() {
    return tables.look(InlineScan::bytes);
  }

  @Override
  public List<InlineBlock> oldest(long after, long bytesMax) {
    return tables.look(store -> InlineScan.oldest(store, after, bytesMax));
  }

  @Override
  public List<InodeId> filesAfter(long after, int limit) {
    return tables.look(store -> CompactionStep.filesAfter(store, after, limit));
  }
}
