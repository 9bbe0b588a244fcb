package io.pandofs.meta.raft;

import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which entries others may look at, of those that are not released. The rest changes only what
 * leases of one session cover, in entries that this session has answered ahead: nobody else answers
 * from that before the leases are given back or over, which is a public entry, and the session
 * itself answers it from what it has ahead until its own tables have it. So who has confirmed all
 * public entries up to an index has confirmed as good as all of it (PROTOCOL rule 1).
 *
 * <p>Not thread-safe.
 */
final class PublicEntries {
  private final TreeSet<Long> known = new TreeSet<>();

  /** At or below here any entry counts as public. */
  private long from;

  /** From here on all entries are told of. */
  void begin(long index) {
    known.clear();
    from = index;
  }

  /** An entry was applied; in the order of the log. */
  void applied(long index, boolean isPublic) {
    if (isPublic && index > from) {
      known.add(index);
    }
  }

  /** Everything up to this index is released. */
  void released(long index) {
    Long last = known.floor(index);
    if (last != null) {
      from = last;
      known.headSet(last, true).clear();
    }
  }

  /**
   * How far somebody has come who has applied the log up to an index: to before the next public
   * entry, of those that are applied here.
   *
   * @param end what is applied here
   */
  long reach(long index, long end) {
    if (index < from || index >= end) {
      return index;
    }
    @Nullable Long next = known.higher(index);
    return next == null ? end : next - 1;
  }
}
