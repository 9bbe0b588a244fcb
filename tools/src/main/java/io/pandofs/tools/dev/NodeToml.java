package io.pandofs.tools.dev;

import io.pandofs.common.config.TransportName;
import java.util.List;
import java.util.stream.Collectors;

/** Writes the configuration files of a dev cluster's nodes. */
final class NodeToml {
  private NodeToml() {}

  /** The first node of a new cluster, while no other has data. */
  static String bootstrap(DevNode node, TransportName transport) {
    return common(node, transport) + "\n[cluster]\nbootstrap = true\n" + servers(node);
  }

  /** A node that asks the others, should its data directory be empty. */
  static String join(DevNode node, List<DevNode> others, TransportName transport) {
    String list =
        others.stream().map(other -> quoted(other.control())).collect(Collectors.joining(", "));
    return common(node, transport) + "\n[cluster]\njoin = [" + list + "]\n" + servers(node);
  }

  private static String common(DevNode node, TransportName transport) {
    return "# A node of a dev cluster; pando dev writes this file when the node is new.\n"
        + "name = "
        + quoted(node.name())
        + "\ndata_dir = "
        + quoted(node.data())
        + "\nmount = "
        + quoted(node.mount())
        + "\ntransport = "
        + quoted(transport.text())
        + "\n";
  }

  private static String servers(DevNode node) {
    return "\n[control]\nlisten = "
        + quoted(node.control())
        + "\n\n[raft]\nlisten = "
        + quoted(node.raft())
        + "\n\n[blocks]\nlisten = "
        + quoted(node.blocks())
        + "\n\n[status]\nlisten = "
        + quoted(node.status())
        + "\n";
  }

  private static String quoted(Object value) {
    return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
