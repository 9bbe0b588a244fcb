package io.pandofs.tools.node;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.JoinTokens;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.meta.raft.NodeSecurity;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The daemon's commands about join tokens, as the admin channel offers them. */
final class TokenCommands {
  private static final int HEX = 16;

  /** Where another machine mounts it if this one does not. */
  private static final String MOUNT_DEFAULT = "/mnt/pando";

  private final NodeConfig config;
  private final MetadataReplica replica;
  private final @Nullable NodeSecurity security;
  private final Clock clock;

  TokenCommands(
      NodeConfig config, MetadataReplica replica, @Nullable NodeSecurity security, Clock clock) {
    this.config = config;
    this.replica = replica;
    this.security = security;
    this.clock = clock;
  }

  void addTo(AdminServer server) {
    server.add("token-create", (request, progress) -> create(request));
    server.add("token-ls", (request, progress) -> list());
    server.add("token-revoke", (request, progress) -> revoke(request));
  }

  private JoinTokens tokens() throws Refusal {
    if (security == null) {
      throw new Refusal(
          "This cluster has no certificates and lets nodes of this machine in without a token.");
    }
    try {
      return replica.tokens();
    } catch (ErrnoException e) {
      throw new Refusal("The metadata has stopped; see the node's log.", e);
    }
  }

  private Map<String, @Nullable Object> create(JsonObject request) throws Refusal, IOException {
    int uses = (int) Math.min(Integer.MAX_VALUE, request.number("uses"));
    long seconds = request.number("seconds");
    try {
      Path mount = config.mount();
      JoinToken token = tokens().create(uses, Duration.ofSeconds(seconds));
      Map<String, @Nullable Object> result = new LinkedHashMap<>();
      result.put("id", Long.toHexString(token.id()));
      result.put("token", token.toText());
      result.put("uses", uses);
      result.put("seconds", seconds);
      result.put("control", config.control().advertised(NodeConfig.machineName()).toString());
      result.put("mount", mount == null ? MOUNT_DEFAULT : mount.toString());
      return result;
    } catch (RefusedException e) {
      throw new Refusal("No token was made: " + e.getMessage() + ".", e);
    }
  }

  private Map<String, @Nullable Object> list() throws Refusal {
    long now = clock.now().seconds();
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ClusterView.Token token : tokens().list()) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("id", Long.toHexString(token.id()));
      row.put("uses_left", token.usesLeft());
      row.put("expires_in_seconds", Math.max(0, token.expires().seconds() - now));
      rows.add(row);
    }
    return Map.of("tokens", rows);
  }

  private Map<String, @Nullable Object> revoke(JsonObject request) throws Refusal, IOException {
    String id = request.text("id");
    try {
      long number = Long.parseUnsignedLong(id, HEX);
      if (number <= 0 || !tokens().revoke(number)) {
        throw new Refusal("There is no token " + id + "; see: pando token ls");
      }
    } catch (NumberFormatException e) {
      throw new Refusal("'" + id + "' is no token's id; see: pando token ls", e);
    }
    return Map.of("revoked", id);
  }
}
