package io.pandofs.common.config;

import java.util.List;

/**
 * How a node with an empty data directory gets a cluster without certificates, on one machine: it
 * starts one, or joins one. With an identity on disk neither matters, and {@code pando init} and
 * {@code pando join} write neither.
 *
 * @param bootstrap starts a new cluster of one node
 * @param join control addresses of nodes to ask, in order
 */
public record ClusterConfig(boolean bootstrap, List<HostPort> join) {
  public ClusterConfig {
    join = List.copyOf(join);
  }

  static ClusterConfig read(ConfigTable table) throws ConfigException {
    boolean bootstrap = table.flag("cluster.bootstrap");
    List<HostPort> join = table.addresses("cluster.join");
    if (bootstrap && !join.isEmpty()) {
      throw table.failure(
          "cluster.join", "a node either starts a cluster or joins one; drop this or bootstrap");
    }
    return new ClusterConfig(bootstrap, join);
  }
}
