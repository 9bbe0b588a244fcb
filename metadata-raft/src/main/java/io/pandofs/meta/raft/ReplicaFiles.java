package io.pandofs.meta.raft;

import io.pandofs.common.InodeId;
import io.pandofs.meta.CompactableFiles;
import io.pandofs.meta.engine.CompactionStep;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The files of this node's applied tables; whoever leads stores anew what lies badly. */
final class ReplicaFiles implements CompactableFiles {
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
  public List<InodeId> filesAfter(long after, int limit) {
    return tables.look(store -> CompactionStep.filesAfter(store, after, limit));
  }
}
