package io.pandofs.block;

import io.pandofs.common.NodeId;
import java.util.List;

/**
 * Where a placement group lives.
 *
 * @param epoch of the placement map; grows with each change
 * @param nodes primary first, then the backups
 */
public record Replicas(long epoch, List<NodeId> nodes) {
  public Replicas {
    nodes = List.copyOf(nodes);
  }

  /** How many stable copies a write waits for: a majority of the replicas. */
  public int quorum() {
    return nodes.size() / 2 + 1;
  }
}
