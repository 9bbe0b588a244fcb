package io.pandofs.tools.node;

import io.pandofs.meta.engine.ClusterView;
import io.pandofs.tools.Refusal;
import java.util.List;

/** Finds the member that a person means. */
final class Members {
  private Members() {}

  /** A node's id ({@code n3} or just {@code 3}) or its name; a bare number is always the id. */
  static ClusterView.Node find(List<ClusterView.Node> members, String meant) throws Refusal {
    String id = meant.matches("[0-9]+") ? "n" + meant : meant;
    List<ClusterView.Node> found =
        members.stream()
            .filter(
                node ->
                    node.id().toString().equals(id)
                        || (id.equals(meant) && node.name().equals(meant)))
            .toList();
    if (found.size() > 1) {
      throw new Refusal(
          "'" + meant + "' is the id of one node and the name of another; say the id's number.");
    }
    if (found.isEmpty()) {
      throw new Refusal(
          "There is no node '"
              + meant
              + "'; there are "
              + members.stream().map(Members::text).toList()
              + ".");
    }
    return found.get(0);
  }

  static String text(ClusterView.Node node) {
    return node.name().equals(node.id().toString())
        ? node.name()
        : node.name() + " (" + node.id() + ")";
  }
}
