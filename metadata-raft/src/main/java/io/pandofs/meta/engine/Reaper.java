package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.meta.Extent;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.List;

/** Frees orphans, in steps of {@link #ROWS_MAX} rows an entry. */
final class Reaper {
  static final int ROWS_MAX = 256;

  private final Store store;
  private final LocalEffects effects;
  private int budget = ROWS_MAX;

  Reaper(Store store, LocalEffects effects) {
    this.store = store;
    this.effects = effects;
  }

  /** Frees what the budget allows; the reply tells how many of these orphans are still there. */
  LogReply reap(LogEntry.Reap entry) {
    long left = 0;
    for (InodeId id : entry.orphans()) {
      ClusterView.Orphan orphan = Orphans.find(store, id);
      // One that is gone or has never been an orphan: the entry was proposed twice.
      if (orphan != null && orphan.index() <= entry.asOf() && !reap(orphan)) {
        left++;
      }
    }
    return LogReply.number(left);
  }

  private boolean reap(ClusterView.Orphan orphan) {
    InodeId id = orphan.inode();
    Inode inode = Inode.find(store, id.value());
    if (inode == null) {
      throw new StoreException("damaged tables: the orphan " + id + " is no inode");
    }
    if (budget == 0) {
      return false;
    }
    reapExtents(inode);
    reapXattrs(inode);
    if (budget == 0) {
      inode.save(store);
      // What has lost a part of its bytes gets no name any more.
      Orphans.put(store, id, orphan.index(), false);
      effects.inodeChanged(id);
      return false;
    }
    budget--;
    store.delete(Table.INODES, Keys.of(id.value()));
    Orphans.remove(store, id);
    LockOperations.inodeGone(id, store);
    Totals.addInodes(store, -1);
    effects.inodeChanged(id);
    return true;
  }

  private void reapExtents(Inode inode) {
    BlockReferences blocks = new BlockReferences();
    List<Extent> extents = Extents.first(store, inode.id.value(), budget);
    extents.forEach(extent -> Extents.remove(store, inode, extent, blocks));
    blocks.save(store, effects);
    budget -= extents.size();
  }

  private void reapXattrs(Inode inode) {
    List<byte[]> names = Xattrs.names(store, inode.id.value(), budget);
    names.forEach(name -> Xattrs.remove(store, inode.id.value(), name));
    budget -= names.size();
  }
}
