package io.pandofs.block;

import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the block side asks of the metadata, answered from this node's own applied tables and wired
 * in {@code tools.node}. Thread-safe; calls touch local tables only.
 *
 * <p>Two sets are kept with the tables, changed atomically with apply and outside of the hashed
 * tables (PROTOCOL rule 15): <em>needed</em>, committed blocks of this node's groups that it did
 * not hold when it applied their entry and has not confirmed to hold since, and <em>dropped</em>,
 * blocks whose last reference went, not yet deleted.
 */
public interface BlockDirectory {
  /** The replicas of a group, 0 to 255; empty nodes when no node is registered yet. */
  Replicas replicas(int group);

  /** The row of a block that its replicas must hold; null when nothing references it there. */
  @Nullable BlockRow row(BlockId block);

  /**
   * Whether something references the block: also one whose bytes are in the tables yet, and that no
   * node must hold. What has lost its last reference never gets one again.
   */
  boolean isReferenced(BlockId block);

  /** Committed blocks with a number over {@code after}, in order, at most {@code limit}. */
  List<BlockRow> rowsAfter(long after, int limit);

  /** Whether the session is registered and not expired, as of what this node has applied. */
  boolean isLive(SessionId session);

  /**
   * Whether the session was registered and is over, as of what this node has applied. False for one
   * that this node has not heard of yet: its registration may be an entry further on. Once true it
   * stays true, and by then every commit of the session has been applied.
   */
  boolean hasEnded(SessionId session);

  /** Needed blocks with a number over {@code after}, in order, at most {@code limit}. */
  List<BlockRow> neededAfter(long after, int limit);

  /** Whether the block is in the needed set: known to be wanting, and on its way. */
  default boolean isNeeded(BlockId block) {
    List<BlockRow> next = neededAfter(block.value() - 1, 1);
    return !next.isEmpty() && next.get(0).block().equals(block);
  }

  /** Puts blocks into the needed set again: found missing or damaged. */
  void need(List<BlockId> blocks);

  /** Takes blocks out of the needed set: this node has them on stable storage. */
  void settled(List<BlockId> blocks);

  /** Dropped blocks, oldest first, at most {@code limit}. */
  List<DroppedBlock> dropped(int limit);

  /** The index of a log entry up to which all is in what this directory tells. */
  long applied();

  /**
   * Sees to it that the tables hold everything up to this index whatever becomes of this machine: a
   * crash takes them back to what is on the disk, and a node that comes up alone shows them. May
   * write to the disk, but on one that is nearly full.
   *
   * @throws IllegalStateException if they are behind it, as after a start anew
   */
  void persist(long index);

  /** Takes blocks out of the dropped set: this node has deleted them. */
  void deleted(List<BlockId> blocks);

  /** Called, on a thread that must not be held up, after apply has added to the needed set. */
  void onNeeded(Runnable listener);

  /** Called, on a thread that must not be held up, after apply has added to the dropped set. */
  void onDropped(Runnable listener);

  /**
   * A block that nothing references any more.
   *
   * @param index of the log entry that took its last reference
   * @param droppedAtNanos when this process learned of it ({@code Clock.nanoTime}); at start, the
   *     time of the start
   */
  record DroppedBlock(BlockId block, long index, long droppedAtNanos) {}
}
