package io.pandofs.tools.space;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What a user can still store. Each byte is written once on every replica of its placement group,
 * groups are filled evenly, so a node takes its share of all groups, on whichever of its devices
 * has space; the first node that has none left stops the writing. Nodes that share devices have
 * that space together: exact where two nodes share all of their devices or none, and too much where
 * they share some and the others fill first.
 */
final class UsableSpace {
  private UsableSpace() {}

  /** Devices, and the copies that go to them. */
  private static final class Pool {
    private final Map<String, Long> freeBytes;
    private long copies;

    Pool(NodeStore space, long copies) {
      this.freeBytes = new HashMap<>(space.freeBytes());
      this.copies = copies;
    }

    boolean overlaps(Pool other) {
      return !Collections.disjoint(freeBytes.keySet(), other.freeBytes.keySet());
    }

    void add(Pool other) {
      other.freeBytes.forEach((device, free) -> freeBytes.merge(device, free, Math::min));
      copies += other.copies;
    }

    /** What a user can store until it is full. */
    long room(long groups) {
      long sum = 0;
      for (long free : freeBytes.values()) {
        sum = Math.min(sum, Long.MAX_VALUE - free) + free;
      }
      return scale(sum, groups, copies);
    }
  }

  /**
   * Bytes that can still be stored.
   *
   * @param groups the replicas of each placement group
   * @param spaces of the nodes that told theirs; the others are taken as roomy
   */
  static <N> long free(List<List<N>> groups, Map<N, NodeStore> spaces) {
    Map<N, Long> copies = new HashMap<>();
    groups.forEach(group -> group.forEach(node -> copies.merge(node, 1L, Long::sum)));
    long least = Long.MAX_VALUE;
    List<Pool> pools = new ArrayList<>();
    for (Map.Entry<N, Long> each : copies.entrySet()) {
      NodeStore space = spaces.get(each.getKey());
      if (space != null) {
        Pool pool = new Pool(space, each.getValue());
        least = Math.min(least, pool.room(groups.size()));
        join(pool, pools);
      }
    }
    for (Pool pool : pools) {
      least = Math.min(least, pool.room(groups.size()));
    }
    return pools.isEmpty() ? 0 : least;
  }

  /** Makes one of a pool and all that it shares a device with. */
  private static void join(Pool pool, List<Pool> pools) {
    List<Pool> overlapping = new ArrayList<>();
    Iterator<Pool> present = pools.iterator();
    while (present.hasNext()) {
      Pool other = present.next();
      if (other.overlaps(pool)) {
        overlapping.add(other);
        present.remove();
      }
    }
    overlapping.forEach(pool::add);
    pools.add(pool);
  }

  /** bytes × groups ÷ copies, without overflow for any disk that exists. */
  private static long scale(long bytes, long groups, long copies) {
    return bytes / copies * groups + bytes % copies * groups / copies;
  }
}
