package io.pandofs.meta.raft;

import io.pandofs.meta.simulation.World;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Judges what looks show of names and attributes: the whole tree must be linearizable, in the order
 * of the log. So a look shows a state that is no older than any index that had been acknowledged,
 * or shown to anybody, before the look began.
 */
final class Truth {
  private final World world;
  private final Map<String, TreeMap<Long, String>> histories = new HashMap<>();
  private long known;
  private long looks;
  private long changes;

  Truth(World world) {
    this.world = world;
  }

  /** The log changes a thing at an index; told once, before anybody can see it. */
  void changed(String thing, long index, String value) {
    history(thing).put(index, value);
  }

  private TreeMap<Long, String> history(String thing) {
    return histories.computeIfAbsent(thing, same -> new TreeMap<>(Map.of(0L, "nothing")));
  }

  /** What a look that begins now must show at least. */
  long begin() {
    return known;
  }

  /** A look is over. */
  void shown(String by, String thing, long atLeast, String value) {
    looks++;
    TreeMap<Long, String> history = history(thing);
    for (Map.Entry<Long, String> state :
        history.tailMap(history.floorKey(atLeast), true).entrySet()) {
      if (state.getValue().equals(value)) {
        known = Math.max(known, state.getKey());
        return;
      }
    }
    world.violated(
        by + " was shown " + thing + " = " + value + "; known as of " + atLeast + ": " + history);
  }

  /** An entry was answered to who made it. */
  void acknowledged(long index) {
    changes++;
    known = Math.max(known, index);
  }

  long looks() {
    return looks;
  }

  long changes() {
    return changes;
  }
}
