package io.pandofs.tools.node;

import io.pandofs.tools.admin.AdminServer;
import java.util.Map;

/** Puts the daemon's commands on the admin channel. */
final class AdminCommands {
  private AdminCommands() {}

  static void addTo(AdminServer admin) {
    admin.add("ping", (request, progress) -> Map.of("version", Version.text()));
  }
}
