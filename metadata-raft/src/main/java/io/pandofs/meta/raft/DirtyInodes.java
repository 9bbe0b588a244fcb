package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.InodeId;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Which inodes the log has changed here at an index that is not known to be released yet; a
 * directory is changed by what happens to its names (PROTOCOL rule 1). Memory is bounded: past that
 * everything counts as changed. Thread-safe.
 */
final class DirtyInodes {
  private static final long NEVER = -1;
  private final int max;

  /** A change, in the order of the log. */
  private record Mark(long index, InodeId inode) {}

  @GuardedBy("this")
  private final Map<InodeId, Long> changed = new HashMap<>();

  @GuardedBy("this")
  private final Deque<Mark> marks = new ArrayDeque<>();

  @GuardedBy("this")
  private long everythingAt = NEVER;

  /**
   * @param max how many changes are remembered one by one
   */
  DirtyInodes(int max) {
    this.max = max;
  }

  /** An entry changes these; called before anybody can see the change. */
  synchronized void changed(long index, Collection<InodeId> inodes) {
    if (marks.size() + inodes.size() > max) {
      everything(index);
      return;
    }
    for (InodeId inode : inodes) {
      changed.put(inode, index);
      marks.add(new Mark(index, inode));
    }
  }

  /** Any row may have been changed at this index or before; called before anybody can see it. */
  synchronized void everything(long index) {
    everythingAt = Math.max(everythingAt, index);
    changed.clear();
    marks.clear();
  }

  /** Everything up to this index is released. */
  synchronized void released(long index) {
    if (everythingAt <= index) {
      everythingAt = NEVER;
    }
    while (!marks.isEmpty() && marks.peek().index() <= index) {
      Mark mark = marks.remove();
      changed.remove(mark.inode(), mark.index());
    }
  }

  /** At or above the last index that changed the inode; -1 when all its changes are released. */
  synchronized long lastChange(InodeId inode) {
    return Math.max(everythingAt, changed.getOrDefault(inode, NEVER));
  }
}
