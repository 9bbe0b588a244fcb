package io.pandofs.meta.engine;

import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;

/** Makes blocks part of a file, stored ones and such as come with their bytes. */
final class WriteOperation {
  private final Operation.Write write;
  private final Change change;

  private WriteOperation(Operation.Write write, Change change) {
    this.write = write;
    this.change = change;
  }

  static Reply apply(Operation.Write write, Change change) throws ErrnoException {
    return new WriteOperation(write, change).apply();
  }

  private Reply apply() throws ErrnoException {
    Inode inode = change.file(write.inode());
    NewBlocks.check(write.blocks(), write.inline(), write.extents(), change);
    if (inode.allocatedBytes > 0) {
      change.effects().dataReplaced(inode.id);
    }
    BlockReferences blocks = new BlockReferences();
    for (Extent extent : write.extents()) {
      Extents.cut(change.write(), inode, extent.offset(), extent.end(), blocks);
      Extents.put(change.write(), inode, extent, blocks);
      inode.sizeBytes = Math.max(inode.sizeBytes, extent.end());
    }
    if (change.isAhead()) {
      blocks.saveAhead(change.write(), write.inline());
    } else {
      blocks.save(change.write(), write.blocks(), write.inline(), change.effects());
    }
    change.dropPrivilegesOnWrite(inode);
    inode.touchModified(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }
}
