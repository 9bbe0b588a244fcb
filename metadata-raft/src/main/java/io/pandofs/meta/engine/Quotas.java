package io.pandofs.meta.engine;

import io.pandofs.common.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How many of the copies of groups each node shall hold. */
final class Quotas {
  /** Capacities are compared in so many steps of the largest, that no sum overflows. */
  private static final long STEPS = 1 << 20;

  private Quotas() {}

  /**
   * Shares by capacity, by largest remainder, none over {@code each}; what a node cannot take the
   * others share. They add up to {@code copies}.
   *
   * @param capacities in bytes; a node whose capacity is not known (0) counts as an average one
   * @param copies in all; at most {@code each} times the nodes
   * @param each what one node can hold
   */
  static Map<NodeId, Integer> of(Map<NodeId, Long> capacities, int copies, int each) {
    Map<NodeId, Long> open = weights(capacities);
    Map<NodeId, Integer> quotas = new TreeMap<>();
    int left = copies;
    while (!open.isEmpty()) {
      long total = open.values().stream().mapToLong(Long::longValue).sum();
      List<NodeId> full = new ArrayList<>();
      for (Map.Entry<NodeId, Long> node : open.entrySet()) {
        if (left * node.getValue() >= each * total) {
          full.add(node.getKey());
        }
      }
      if (full.isEmpty()) {
        share(open, left, total, quotas);
        return quotas;
      }
      for (NodeId node : full) {
        open.remove(node);
        quotas.put(node, Math.min(each, left));
        left -= Math.min(each, left);
      }
    }
    return quotas;
  }

  private static void share(
      Map<NodeId, Long> open, int left, long total, Map<NodeId, Integer> quotas) {
    List<NodeId> byRemainder = new ArrayList<>(open.keySet());
    byRemainder.sort(
        (a, b) -> Long.compare(left * weight(open, b) % total, left * weight(open, a) % total));
    int shared = 0;
    for (NodeId node : byRemainder) {
      int whole = (int) (left * weight(open, node) / total);
      quotas.put(node, whole);
      shared += whole;
    }
    for (int i = 0; i < left - shared; i++) {
      quotas.merge(byRemainder.get(i), 1, Integer::sum);
    }
  }

  private static long weight(Map<NodeId, Long> weights, NodeId node) {
    return weights.getOrDefault(node, 0L);
  }

  private static Map<NodeId, Long> weights(Map<NodeId, Long> capacities) {
    long largest = capacities.values().stream().mapToLong(Long::longValue).max().orElse(0);
    long unit = Math.max(1, largest / STEPS);
    Map<NodeId, Long> weights = new TreeMap<>();
    long known = 0;
    long sum = 0;
    for (Map.Entry<NodeId, Long> node : capacities.entrySet()) {
      if (node.getValue() > 0) {
        long weight = Math.max(1, node.getValue() / unit);
        weights.put(node.getKey(), weight);
        sum += weight;
        known++;
      }
    }
    long average = known == 0 ? 1 : Math.max(1, sum / known);
    for (NodeId node : capacities.keySet()) {
      weights.putIfAbsent(node, average);
    }
    return weights;
  }
}
