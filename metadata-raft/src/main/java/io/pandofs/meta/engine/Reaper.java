package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.meta.Extent;
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
  LogReply reap(List<InodeId> orphans) {
    long left = 0;
    for (InodeId orphan : orphans) {
      // One that is gone or has never been an orphan: the entry was proposed twice.
      if (Orphans.has(store, orphan) && !reap(orphan)) {
        left++;
      }
    }
    return LogReply.number(left);
  }

  private boolean reap(InodeId id) {
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
      effects.inodeChanged(id);
      return false;
    }
    budget--;
    store.delete(Table.INODES, Keys.of(id.value()));
    Orphans.remove(store, id);
    LockOperations.inodeGone(id, store);
    Totals.add(store, -1, 0);
    effects.inodeChanged(id);
    return true;
  }

  private void reapExtents(Inode inode) {
    BlockReferences blocks = new BlockReferences();
    List<Extent> extents = Extents.first(store, inode.id.value(), budget);
    extents.forEach(extent -> Extents.remove(store, inode, extent, blocks));
    blocks.save(store, List.of(), effects);
    budget -= extents.size();
  }

  private void reapXattrs(Inode inode) {
    List<byte[]> names = Xattrs.names(store, inode.id.value(), budget);
    names.forEach(name -> Xattrs.remove(store, inode.id.value(), name));
    budget -= names.size();
  }
}
