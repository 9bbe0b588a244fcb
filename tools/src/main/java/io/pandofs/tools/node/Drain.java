package io.pandofs.tools.node;

import io.pandofs.tools.admin.AdminCommand;
import io.pandofs.tools.json.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Unmounts and lets the node run on: when a whole cluster is to stop, each mount commits what it
 * has while the nodes still are there to take it. It is mounted again by the next start.
 */
final class Drain implements AdminCommand {
  private final NodeStatus status;
  private final MountedVolume mount;

  Drain(NodeStatus status, MountedVolume mount) {
    this.status = status;
    this.mount = mount;
  }

  @Override
  public Map<String, @Nullable Object> run(JsonObject request, Progress progress) {
    status.stopping();
    mount.close();
    return Map.of();
  }
}
