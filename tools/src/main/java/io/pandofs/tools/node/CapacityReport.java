package io.pandofs.tools.node;

import io.pandofs.common.NodeId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.meta.raft.ClusterAdmin;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sees to it that the log knows how large this node's disks are. */
final class CapacityReport {
  private static final Logger LOG = LoggerFactory.getLogger(CapacityReport.class);

  /** A difference of less than one part in so many moves no group. */
  private static final long PARTS = 100;

  private final NodeId self;
  private final NodeDisks disks;
  private final BlockTables tables;
  private final ClusterAdmin admin;

  CapacityReport(NodeId self, NodeDisks disks, BlockTables tables, ClusterAdmin admin) {
    this.self = self;
    this.disks = disks;
    this.tables = tables;
    this.admin = admin;
  }

  /** To be called now and then; waits for the leader when there is something to tell. */
  void look() {
    try {
      long capacity = disks.capacityBytes();
      for (ClusterView.Node node : tables.nodes()) {
        boolean differs = Math.abs(node.capacityBytes() - capacity) > capacity / PARTS;
        if (node.id().equals(self) && differs) {
          admin.setCapacity(self, capacity);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("how large the disks are is told later: {}", e.toString());
    }
  }
}
