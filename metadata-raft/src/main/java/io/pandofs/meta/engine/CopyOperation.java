package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.ArrayList;
import java.util.List;

/** Makes bytes of one file those of another as well: blocks never change, and are shared. */
final class CopyOperation {
  /** Extents of either file that one entry works on. */
  static final int EXTENTS_MAX = 256;

  /** No block is shared more often: the count is one of 31 bits. */
  private static final int REFERENCES_MAX = 1 << 30;

  private CopyOperation() {}

  static Reply apply(Operation.CopyRange copy, Change change) throws ErrnoException {
    Inode from = change.file(copy.from());
    Inode to = change.file(copy.to());
    if (copy.fromOffset() < 0 || copy.toOffset() < 0 || copy.length() < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    long start = copy.fromOffset();
    long count = Math.min(copy.length(), from.sizeBytes - start);
    if (count <= 0) {
      return new Reply(Errno.OK, to.attributes(), 0);
    }
    long shift = copy.toOffset() - start;
    if (copy.toOffset() > Long.MAX_VALUE - count) {
      throw new ErrnoException(Errno.EFBIG);
    }
    if (from == to && Math.abs(shift) < count) {
      throw new ErrnoException(Errno.EINVAL);
    }
    count = inOneEntry(change.tables(), to, copy.toOffset(), count);
    count = inOneEntry(change.tables(), from, start, count);
    List<Extent> parts = parts(change.tables(), from, start, start + count, shift);
    share(parts, to, copy.toOffset(), count, change);
    return new Reply(Errno.OK, to.attributes(), count);
  }

  /** How many of these bytes lie in few enough extents. */
  private static long inOneEntry(ReadStore tables, Inode inode, long start, long count) {
    List<Extent> found =
        Extents.findSome(tables, inode.id.value(), start, start + count, EXTENTS_MAX + 1);
    return found.size() > EXTENTS_MAX ? found.get(EXTENTS_MAX).offset() - start : count;
  }

  private static List<Extent> parts(ReadStore tables, Inode from, long start, long end, long shift)
      throws ErrnoException {
    List<Extent> parts = new ArrayList<>();
    for (Extent extent : Extents.find(tables, from.id.value(), start, end)) {
      ClusterView.Block block = BlockReferences.find(tables, extent.block());
      if (block == null) {
        throw new StoreException("damaged tables: an extent of the missing " + extent.block());
      }
      if (block.references() >= REFERENCES_MAX) {
        throw new ErrnoException(Errno.EOPNOTSUPP);
      }
      Extent part = extent.part(Math.max(extent.offset(), start), Math.min(extent.end(), end));
      parts.add(new Extent(part.offset() + shift, part.length(), part.block(), part.blockOffset()));
    }
    return parts;
  }

  private static void share(List<Extent> parts, Inode to, long start, long count, Change change) {
    if (to.allocatedBytes > 0) {
      change.effects().dataReplaced(to.id);
    }
    BlockReferences blocks = new BlockReferences();
    Extents.cut(change.write(), to, start, start + count, blocks);
    parts.forEach(part -> Extents.put(change.write(), to, part, blocks));
    blocks.save(change.write(), change.effects());
    to.sizeBytes = Math.max(to.sizeBytes, start + count);
    change.dropPrivilegesOnWrite(to);
    to.touchModified(change.now());
    change.finish(to);
  }
}
