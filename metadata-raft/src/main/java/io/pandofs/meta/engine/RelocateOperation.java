package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Takes bytes of a file from new blocks that hold the same. Blocks never change and their numbers
 * are never used again, so an extent that says what was said when the bytes were read means the
 * same bytes still, whatever happened in between.
 */
final class RelocateOperation {
  private final Operation.Relocate relocate;
  private final Change change;

  /** Another session has the lease, and may have cut extents which these tables show whole. */
  private boolean asTheyAre;

  /** Where the bytes were, by offset in the file. */
  private final TreeMap<Long, Extent> from = new TreeMap<>();

  private RelocateOperation(Operation.Relocate relocate, Change change) {
    this.relocate = relocate;
    this.change = change;
  }

  static Reply apply(Operation.Relocate relocate, Change change) throws ErrnoException {
    return new RelocateOperation(relocate, change).apply();
  }

  private Reply apply() throws ErrnoException {
    Inode inode = Change.requireFile(change.asItIs(relocate.inode()));
    NewBlocks.check(relocate.blocks(), List.of(), relocate.to(), change);
    takeFrom();
    asTheyAre = !change.mayTouch(inode);
    BlockReferences references = new BlockReferences();
    Set<BlockId> used = new HashSet<>();
    long moved = 0;
    for (Extent to : relocate.to()) {
      for (Extent extent : stillThere(inode, to)) {
        Extents.cut(change.write(), inode, extent.offset(), extent.end(), references);
        Extents.put(change.write(), inode, extent, references);
        used.add(extent.block());
        moved += extent.length();
      }
    }
    List<NewBlock> created =
        relocate.blocks().stream().filter(block -> used.contains(block.block())).toList();
    references.save(change.write(), created, List.of(), change.effects());
    change.effects().inodeChanged(inode.id);
    return new Reply(Errno.OK, null, moved);
  }

  private void takeFrom() throws ErrnoException {
    long end = 0;
    for (Extent extent : relocate.from()) {
      if (extent.offset() < end
          || extent.length() <= 0
          || extent.offset() > Long.MAX_VALUE - extent.length()) {
        throw new ErrnoException(Errno.EINVAL);
      }
      from.put(extent.offset(), extent);
      end = extent.end();
    }
  }

  /** The parts of an extent whose bytes are where they were, as extents in the new block. */
  private List<Extent> stillThere(Inode inode, Extent to) {
    List<Extent> parts = new ArrayList<>();
    for (Extent now : Extents.find(change.tables(), inode.id.value(), to.offset(), to.end())) {
      Long first = from.floorKey(now.offset());
      Map<Long, Extent> candidates =
          from.subMap(first == null ? now.offset() : first, true, now.end(), false);
      for (Extent was : candidates.values()) {
        long start = Math.max(to.offset(), Math.max(now.offset(), was.offset()));
        long end = Math.min(to.end(), Math.min(now.end(), was.end()));
        if (start < end && isSame(now, was)) {
          add(parts, to.part(start, end), now);
        }
      }
    }
    return parts;
  }

  private void add(List<Extent> parts, Extent part, Extent now) {
    if (!asTheyAre) {
      Extent.append(parts, part);
    } else if (part.offset() == now.offset() && part.length() == now.length()) {
      parts.add(part);
    }
  }

  private static boolean isSame(Extent now, Extent was) {
    return now.block().equals(was.block())
        && now.blockOffset() - now.offset() == was.blockOffset() - was.offset();
  }
}
