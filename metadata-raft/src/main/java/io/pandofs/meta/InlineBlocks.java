package io.pandofs.meta;

import java.util.List;

/**
 * Blocks whose bytes are in this node's own tables, for who puts them on their replicas. The tables
 * may be old: {@link Operation.MoveInline} moves only what is still as it was seen. Thread-safe.
 */
public interface InlineBlocks {
  /** Whether this is for this node to do: at most times one node of the cluster says so. */
  boolean areOurs();

  /** How many bytes there are in the tables. */
  long bytes();

  /**
   * The oldest of them with a number over {@code after}, in order of number.
   *
   * @param bytesMax no more are listed than have so many bytes together, but one always is
   */
  List<InlineBlock> oldest(long after, long bytesMax);
}
