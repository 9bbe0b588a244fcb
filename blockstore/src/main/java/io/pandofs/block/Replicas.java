package io.pandofs.block;

import io.pandofs.common.NodeId;
import java.util.List;

/**
 * Where a placement group lives.
 *
 * @param epoch of the placement map; grows with each change
 * @param nodes primary first, then the backups
 * @param quorum how many stable copies a write waits for
 */
public record Replicas(long epoch, List<NodeId> nodes, int quorum) {
  public Replicas {
    nodes = List.copyOf(nodes);
  }
}
