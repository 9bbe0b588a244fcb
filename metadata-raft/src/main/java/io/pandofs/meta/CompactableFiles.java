package io.pandofs.meta;

import io.pandofs.common.BlockId;
import io.pandofs.common.InodeId;
import java.util.List;
import java.util.Map;

/**
 * How files lie in blocks, as this node's own tables have it, for who stores anew what lies badly.
 * The tables may be old: {@link Operation.Relocate} moves only what is still as it was seen.
 * Thread-safe.
 */
public interface CompactableFiles {
  /** Whether this is for this node to do: at most times one node of the cluster says so. */
  boolean areOurs();

  /**
   * Looks at the next part of a file, which is not large, for what is worth being stored anew.
   *
   * @param from 0, or where the last step ended
   * @param atRest whether the file has come to rest: then less is enough
   */
  Step next(InodeId file, long from, boolean atRest);

  /**
   * A step through a file.
   *
   * @param extents what to move, in order of offset: together no longer than a block, and so few
   *     that moving them is a short step when it is applied; empty if nothing is worth it
   * @param inline the bytes of their blocks that are in the tables
   * @param end where the next step begins; {@link Long#MAX_VALUE} after the last
   * @param isMoreLater whether there is something that has to wait until nobody holds a lease
   */
  record Step(List<Extent> extents, Map<BlockId, byte[]> inline, long end, boolean isMoreLater) {
    public Step {
      extents = List.copyOf(extents);
      inline = Map.copyOf(inline);
    }

    public boolean isLast() {
      return end == Long.MAX_VALUE;
    }
  }

  /** Files with data whose number is over {@code after}, in order, at most {@code limit}. */
  List<InodeId> filesAfter(long after, int limit);
}
