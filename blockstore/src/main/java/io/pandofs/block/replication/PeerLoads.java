package io.pandofs.block.replication;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How busy and how quick other nodes are at reads, as this node sees them: which one to ask first,
 * and after how long another one too. Thread-safe.
 */
final class PeerLoads {
  private static final int SAMPLES = 64;
  private static final int SAMPLES_MIN = 16;
  private static final double PERCENTILE = 0.95;
  private static final double FORGIVENESS = 0.99;

  /** Of a node that has not answered yet: low, so that it is tried. */
  private static final long UNKNOWN_NANOS = 1_000_000;

  private static final class Load {
    final long[] nanos = new long[SAMPLES];
    int next;
    int count;
    int underWay;
    double meanNanos = UNKNOWN_NANOS;
  }

  private final long hedgeMinNanos;
  private final long hedgeMaxNanos;

  @GuardedBy("this")
  private final Map<NodeId, Load> loads = new HashMap<>();

  /**
   * @param hedgeMinNanos another node is asked no sooner
   * @param hedgeMaxNanos another node is asked by then, whatever was measured
   */
  PeerLoads(long hedgeMinNanos, long hedgeMaxNanos) {
    this.hedgeMinNanos = Math.min(hedgeMinNanos, hedgeMaxNanos);
    this.hedgeMaxNanos = hedgeMaxNanos;
  }

  /** The nodes, the one that is likely to answer first in front; equals stay as they are. */
  synchronized List<NodeId> order(List<NodeId> nodes) {
    List<NodeId> ordered = new ArrayList<>(nodes);
    Map<NodeId, Double> costs = new HashMap<>();
    nodes.forEach(node -> costs.put(node, cost(node)));
    ordered.sort(Comparator.comparing(costs::get));
    return ordered;
  }

  /** Coarse, so that small differences leave the work spread over all. */
  @GuardedBy("this")
  private double cost(NodeId node) {
    Load load = loads.get(node);
    double nanos = load == null ? UNKNOWN_NANOS : (load.underWay + 1) * load.meanNanos;
    return Math.floor(Math.log(Math.max(nanos, UNKNOWN_NANOS)) / Math.log(2));
  }

  /** How long the quickest of the nodes takes for a read, by what is known; none: forever. */
  synchronized double quickestNanos(List<NodeId> nodes) {
    double quickest = Double.MAX_VALUE;
    for (NodeId node : nodes) {
      Load load = loads.get(node);
      quickest = Math.min(quickest, load == null ? UNKNOWN_NANOS : load.meanNanos);
    }
    return quickest;
  }

  /** A read is sent. */
  synchronized void begin(NodeId node) {
    loads.computeIfAbsent(node, n -> new Load()).underWay++;
  }

  /**
   * A read has ended.
   *
   * @param nanos how long it took; of one that failed or was given up, how long it was waited for
   */
  synchronized void end(NodeId node, long nanos) {
    Load load = loads.computeIfAbsent(node, n -> new Load());
    load.underWay = Math.max(0, load.underWay - 1);
    load.meanNanos += (nanos - load.meanNanos) / 8;
    load.nanos[load.next] = nanos;
    load.next = (load.next + 1) % SAMPLES;
    load.count = Math.min(load.count + 1, SAMPLES);
    forgive(load);
  }

  /**
   * After how long a silent node's question is put to another one: when few answers take longer.
   */
  synchronized long hedgeNanos(NodeId node) {
    Load load = loads.get(node);
    if (load == null || load.count < SAMPLES_MIN) {
      return hedgeMaxNanos;
    }
    long[] sorted = Arrays.copyOf(load.nanos, load.count);
    Arrays.sort(sorted);
    long late = sorted[(int) (PERCENTILE * (load.count - 1))];
    return Math.max(hedgeMinNanos, Math.min(hedgeMaxNanos, late));
  }

  /** A node that is not asked any more, because it was slow, is tried again in the end. */
  @GuardedBy("this")
  private void forgive(Load asked) {
    for (Load other : loads.values()) {
      if (other != asked && other.underWay == 0) {
        other.meanNanos = Math.max(UNKNOWN_NANOS, other.meanNanos * FORGIVENESS);
      }
    }
  }
}
