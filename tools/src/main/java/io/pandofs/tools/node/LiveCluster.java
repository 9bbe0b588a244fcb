package io.pandofs.tools.node;

import io.pandofs.common.NodeId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.meta.raft.ClusterAdmin;
import java.io.IOException;
import java.util.List;

/** The cluster of this node, for removals: its leader, its tables, and the other nodes. */
final class LiveCluster implements NodeRemoval.Cluster {
  private final ClusterAdmin admin;
  private final BlockTables tables;
  private final NodeReports reports;
  private final LastSync lastSync;

  LiveCluster(ClusterAdmin admin, BlockTables tables, NodeReports reports, LastSync lastSync) {
    this.admin = admin;
    this.tables = tables;
    this.reports = reports;
    this.lastSync = lastSync;
  }

  @Override
  public ClusterAdmin.Group list() throws IOException {
    return admin.list();
  }

  @Override
  public ClusterAdmin.Group checkRemoval(NodeId node) throws IOException {
    return admin.checkRemoval(node);
  }

  @Override
  public ClusterAdmin.Group drain(NodeId node) throws IOException {
    return admin.drain(node);
  }

  @Override
  public void keep(NodeId node) throws IOException {
    admin.keep(node);
  }

  @Override
  public void remove(NodeId node) throws IOException {
    admin.remove(node);
  }

  @Override
  public List<ClusterView.Node> nodes() {
    return tables.nodes();
  }

  @Override
  public Placement placement() {
    return tables.placement();
  }

  @Override
  public NodeReport report(ClusterView.Node node, long index, long after)
      throws IOException, InterruptedException {
    return reports.ask(node, index, after);
  }

  @Override
  public boolean endMount(ClusterView.Node node) throws IOException, InterruptedException {
    return lastSync.ask(node);
  }
}
