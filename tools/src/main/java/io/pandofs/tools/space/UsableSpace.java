package io.pandofs.tools.space;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a user can still store. Each byte is written once on every replica of its placement group,
 * groups are filled evenly, so a device fills with its share of all groups; the first device that
 * is full stops the writing.
 */
final class UsableSpace {
  private UsableSpace() {}

  /**
   * Bytes that can still be stored.
   *
   * @param groups the replicas of each placement group
   * @param spaces of the nodes that told theirs; the others are taken as roomy
   */
  static <N> long free(List<List<N>> groups, Map<N, NodeSpace> spaces) {
    Map<String, Long> copies = new HashMap<>();
    Map<String, Long> free = new HashMap<>();
    for (List<N> group : groups) {
      for (N node : group) {
        NodeSpace space = spaces.get(node);
        if (space != null) {
          copies.merge(space.device(), 1L, Long::sum);
          free.merge(space.device(), space.freeBytes(), Math::min);
        }
      }
    }
    return copies.entrySet().stream()
        .mapToLong(
            device ->
                scale(free.getOrDefault(device.getKey(), 0L), groups.size(), device.getValue()))
        .min()
        .orElse(0);
  }

  /** bytes × groups ÷ copies, without overflow for any disk that exists. */
  private static long scale(long bytes, long groups, long copies) {
    return bytes / copies * groups + bytes % copies * groups / copies;
  }
}
