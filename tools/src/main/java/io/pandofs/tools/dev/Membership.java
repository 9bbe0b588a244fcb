package io.pandofs.tools.dev;

import io.pandofs.meta.raft.Identity;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.LoggerFactory;

/**
 * Which nodes were removed from the cluster. One that was removed while it ran has noted that
 * itself; one that was down may know nothing of it, but the leader does.
 */
final class Membership {
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** Ids as the leader has them in its tables; none when nobody leads. */
  private final Set<String> members = new HashSet<>();

  /** By what the nodes say of themselves. */
  Membership(List<JsonObject> statuses) {
    for (JsonObject status : statuses) {
      if (status.object("raft").text("role").equals("leader")) {
        status.objects("peers").forEach(peer -> members.add(peer.text("id")));
      }
    }
  }

  /** Asks those that run. */
  static Membership ask(List<DevNode> nodes) throws IOException {
    List<JsonObject> statuses = new ArrayList<>();
    for (DevNode node : nodes) {
      if (node.state() == ProcessRef.State.RUNNING) {
        try {
          statuses.add(new StatusClient(node.status()).status(PATIENCE));
        } catch (IOException e) {
          LoggerFactory.getLogger(Membership.class).info("{} says nothing", node.name(), e);
        }
      }
    }
    return new Membership(statuses);
  }

  /** Whether this node serves no more unless its data directory is emptied and it joins anew. */
  boolean isRemoved(DevNode node) {
    return node.identity()
        .filter(
            who ->
                who.stage() == Identity.Stage.REMOVED
                    || (!members.isEmpty() && !members.contains(who.node().toString())))
        .isPresent();
  }
}
