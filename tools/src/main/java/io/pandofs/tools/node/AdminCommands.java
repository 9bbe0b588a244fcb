package io.pandofs.tools.node;

import io.pandofs.common.NodeId;
import io.pandofs.common.config.HostPort;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.meta.raft.ClusterAdmin;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon's commands about nodes and the leader, as the admin channel offers them. */
final class AdminCommands {
  private static final Logger LOG = LoggerFactory.getLogger(AdminCommands.class);

  private final NodeId self;
  private final ClusterAdmin admin;
  private final BlockTables tables;
  private final NodeReports reports;
  private final NodeRemoval removal;

  AdminCommands(
      NodeId self,
      ClusterAdmin admin,
      BlockTables tables,
      NodeReports reports,
      NodeRemoval removal) {
    this.self = self;
    this.admin = admin;
    this.tables = tables;
    this.reports = reports;
    this.removal = removal;
  }

  void addTo(AdminServer server) {
    server.add("node-ls", told((request, progress) -> list()));
    server.add("node-remove", told(this::remove));
    server.add("node-drain", told(this::drain));
    server.add("node-replace", told(this::replace));
    server.add("node-set-address", told((request, progress) -> move(request)));
    server.add("leader-transfer", told((request, progress) -> transfer(request)));
  }

  /** What the cluster refuses is told as it is, without a stack trace in the log. */
  static AdminCommand told(AdminCommand command) {
    return (request, progress) -> {
      try {
        return command.run(request, progress);
      } catch (RefusedException e) {
        throw new Refusal(sentence(String.valueOf(e.getMessage())), e);
      }
    };
  }

  private static String sentence(String text) {
    return text.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + text.substring(1) + ".";
  }

  private ClusterView.Node find(String meant) throws Refusal {
    return Members.find(tables.nodes(), meant);
  }

  private ClusterView.Node other(JsonObject request) throws Refusal {
    ClusterView.Node node = find(request.text("node"));
    if (node.id().equals(self)) {
      throw new Refusal(Members.text(node) + " is this node; run this on one that stays.");
    }
    return node;
  }

  private Map<String, @Nullable Object> remove(JsonObject request, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    ClusterView.Node node = other(request);
    return request.flag("force") ? removal.force(node, progress) : removal.remove(node, progress);
  }

  private Map<String, @Nullable Object> drain(JsonObject request, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    ClusterView.Node node = find(request.text("node"));
    return request.flag("undo") ? removal.keep(node) : removal.drain(node, progress);
  }

  private Map<String, @Nullable Object> replace(JsonObject request, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    ClusterView.Node old = other(request);
    ClusterAdmin.Group group = admin.list();
    ClusterView.Node heir = null;
    for (ClusterView.Node node : tables.nodes()) {
      ClusterAdmin.Peer peer = group.peers().get(node.id());
      boolean fit = peer != null && peer.voter() && peer.isAlive() && node.holds();
      if (fit && node.id().value() > old.id().value()) {
        heir = node;
      }
    }
    if (heir == null) {
      throw new Refusal(
          "No living node has joined since "
              + Members.text(old)
              + " did; join the one that shall replace it first.");
    }
    progress.say(Members.text(heir) + " takes the place of " + Members.text(old));
    if (group.leader().equals(old.id())) {
      admin.transfer(heir.id());
    }
    Map<String, @Nullable Object> result = new LinkedHashMap<>(removal.remove(old, progress));
    result.put("by", heir.id().toString());
    return result;
  }

  private Map<String, @Nullable Object> move(JsonObject request) throws Refusal, IOException {
    ClusterView.Node node = find(request.text("node"));
    for (String key : List.of("control", "raft", "blocks")) {
      String address = request.text(key);
      if (!address.isEmpty() && HostPort.parse(address).isEmpty()) {
        throw new Refusal("'" + address + "' is not an address; write host:port.");
      }
    }
    admin.move(node.id(), request.text("control"), request.text("raft"), request.text("blocks"));
    return Map.of("node", node.id().toString());
  }

  private Map<String, @Nullable Object> transfer(JsonObject request) throws Refusal, IOException {
    String meant = request.text("node");
    ClusterAdmin.Group group = admin.transfer(meant.isEmpty() ? null : find(meant).id());
    return Map.of("leader", group.leader().toString(), "name", name(group.leader()));
  }

  private String name(NodeId id) {
    return tables.nodes().stream()
        .filter(node -> node.id().equals(id))
        .map(ClusterView.Node::name)
        .findFirst()
        .orElse("");
  }

  private Map<String, @Nullable Object> list() throws IOException, InterruptedException {
    ClusterAdmin.Group group = groupIfLed();
    List<Map<String, @Nullable Object>> nodes = new ArrayList<>();
    for (ClusterView.Node node : tables.nodes()) {
      nodes.add(describe(node, group));
    }
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("leader", group == null ? null : group.leader().toString());
    result.put("nodes", nodes);
    return result;
  }

  /** Null when nobody leads: who the members are must be known then above all. */
  private ClusterAdmin.@Nullable Group groupIfLed() {
    try {
      return admin.list();
    } catch (IOException e) {
      LOG.info("what the leader knows of the members is not told: {}", e.getMessage());
      return null;
    }
  }

  private Map<String, @Nullable Object> describe(
      ClusterView.Node node, ClusterAdmin.@Nullable Group group) throws InterruptedException {
    ClusterAdmin.Peer peer = group == null ? null : group.peers().get(node.id());
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("id", node.id().toString());
    row.put("name", node.name());
    row.put("role", role(node.id(), peer, group));
    row.put("drained", node.leaving());
    row.put("out", node.out());
    row.put("control", node.control());
    row.put("raft", node.raft());
    row.put("blocks", node.blocks());
    row.put("last_seen_millis", peer == null ? null : peer.silentMillis());
    ClusterAdmin.Peer leader = group == null ? null : group.peers().get(group.leader());
    row.put("log_behind", peer == null || leader == null ? null : behind(leader, peer));
    boolean mayAnswer = group != null && (peer == null || peer.isAlive());
    row.put("blocks_behind", mayAnswer ? needed(node) : null);
    return row;
  }

  private static long behind(ClusterAdmin.Peer leader, ClusterAdmin.Peer peer) {
    return Math.max(0, leader.matched() - peer.matched());
  }

  private static String role(
      NodeId node, ClusterAdmin.@Nullable Peer peer, ClusterAdmin.@Nullable Group group) {
    if (group == null) {
      return "?";
    }
    if (node.equals(group.leader())) {
      return "leader";
    }
    return peer == null ? "joining" : peer.voter() ? "voter" : "listener";
  }

  private @Nullable Long needed(ClusterView.Node node) throws InterruptedException {
    try {
      return reports.ask(node, Long.MAX_VALUE, Long.MAX_VALUE).needed();
    } catch (IOException e) {
      return null; // it is shown as not known
    }
  }
}
