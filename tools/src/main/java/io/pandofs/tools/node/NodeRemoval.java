package io.pandofs.tools.node;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.raft.ClusterAdmin;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a node out of the cluster (PROTOCOL 14 and 19): its groups get other homes first, and it is
 * removed only when every other node has reported that it holds all it must under the new map, as
 * of the entry that changed the map. What is committed after that entry is held by a quorum of the
 * new map anyway. The leaving node serves what it has until the end, but for its mount, which
 * commits what was written to it and ends just before. May be ended at any step and repeated. When
 * a command gives up, the node holds its groups again, but for one that had none when it began:
 * that was somebody's wish.
 */
final class NodeRemoval {
  private static final Logger LOG = LoggerFactory.getLogger(NodeRemoval.class);
  private static final long POLL_MILLIS = 300;
  private static final Duration STALL = Duration.ofSeconds(30);

  private final Cluster cluster;
  private final Clock clock;

  /** The cluster as {@link LiveCluster} has it. Calls wait. */
  interface Cluster {
    /** As {@link ClusterAdmin#list}. */
    ClusterAdmin.Group list() throws IOException;

    /** As {@link ClusterAdmin#checkRemoval}. */
    ClusterAdmin.Group checkRemoval(NodeId node) throws IOException;

    /** As {@link ClusterAdmin#drain}. */
    ClusterAdmin.Group drain(NodeId node) throws IOException;

    /** As {@link ClusterAdmin#keep}. */
    void keep(NodeId node) throws IOException;

    /** As {@link ClusterAdmin#remove}. */
    void remove(NodeId node) throws IOException;

    /** The members as of what this node has applied. */
    List<ClusterView.Node> nodes();

    /** The placement map as of what this node has applied. */
    Placement placement();

    /** As {@link NodeReports#ask}. */
    NodeReport report(ClusterView.Node node, long index, long after)
        throws IOException, InterruptedException;

    /** As {@link LastSync#ask}. */
    boolean endMount(ClusterView.Node node) throws IOException, InterruptedException;
  }

  /** What a command is about, and what a person can do who is refused. */
  private enum Aim {
    REMOVAL("Bring it back, or say --force to give them up."),
    DRAIN("Bring it back, or the others that held them.");

    final String advice;

    Aim(String advice) {
      this.advice = advice;
    }
  }

  NodeRemoval(Cluster cluster, Clock clock) {
    this.cluster = cluster;
    this.clock = clock;
  }

  /** Removes it when that loses nothing. */
  Map<String, @Nullable Object> remove(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    cluster.checkRemoval(node.id()); // before anything moves
    empty(node, Aim.REMOVAL, progress);
    endMount(node, progress);
    cluster.remove(node.id());
    return result(node, LastCopies.NONE);
  }

  /** Takes its blocks away when that loses nothing; it stays a member, a voter and a mount. */
  Map<String, @Nullable Object> drain(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    ClusterAdmin.Group drained = empty(node, Aim.DRAIN, progress);
    StoragePolicy policy = drained.policy();
    int copies = Math.min(policy.copies(), others(node.id()).size());
    return Map.of(
        "node",
        node.id().toString(),
        "name",
        node.name(),
        "drained",
        true,
        "copies",
        copies,
        "copies_wanted",
        policy.copies(),
        "write_needs",
        policy.quorumOf(copies));
  }

  /** It holds its share of the blocks again. */
  Map<String, @Nullable Object> keep(ClusterView.Node node) throws IOException {
    cluster.keep(node.id());
    return Map.of("node", node.id().toString(), "name", node.name(), "drained", false);
  }

  private ClusterAdmin.Group empty(ClusterView.Node node, Aim aim, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    ClusterAdmin.Group drained = cluster.drain(node.id());
    progress.say(Members.text(node) + " holds no group any more; the others fetch what it held");
    awaitHomes(node, aim, drained, progress);
    progress.say("every block has its homes without it");
    return drained;
  }

  /** Its sessions end with its removal: what its mount has not committed by then is lost. */
  private void endMount(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    boolean mayLive = mayLive(cluster.checkRemoval(node.id()), node);
    boolean committed;
    try {
      committed = mayLive && cluster.endMount(node);
    } catch (RemoteException e) {
      throw stays(node, e.getMessage() + ". Try again, or say --force to give that up.", e);
    } catch (IOException e) {
      if (mayLive(cluster.list(), node)) {
        throw stays(
            node,
            "it may still be committing what was written there"
                + (node.leaving() ? ", and end its mount within a minute (" : " (")
                + e.getMessage()
                + "). Try again, or say --force to give that up.",
            e);
      }
      LOG.info("{} has died meanwhile: {}", Members.text(node), e.getMessage());
      committed = false;
    }
    progress.say(
        committed
            ? "its mount has committed all, and is gone"
            : Members.text(node) + " does not answer: what its mount had not synced is lost");
  }

  /** False only if the leader has heard nothing of it for a while. */
  private static boolean mayLive(ClusterAdmin.Group group, ClusterView.Node node) {
    ClusterAdmin.Peer peer = group.peers().get(node.id());
    return peer != null && peer.mayLive();
  }

  private Refusal stays(ClusterView.Node node, String why, IOException cause) throws IOException {
    return new Refusal(Members.text(node) + " stays" + asBefore(node) + ": " + why, cause);
  }

  /**
   * Gives it its groups again, unless it had none before.
   *
   * @param node as it was when the command began
   * @return what to say behind "it stays"
   */
  private String asBefore(ClusterView.Node node) throws IOException {
    if (node.leaving()) {
      return ", drained as it was";
    }
    cluster.keep(node.id());
    return "";
  }

  /** Removes it whatever is lost; says what that may be. */
  Map<String, @Nullable Object> force(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    cluster.checkRemoval(node.id());
    LastCopies last = lastCopies(node.id());
    long lost = last.blocks();
    progress.say(
        lost == 0
            ? "no block has its last copy on " + Members.text(node)
            : lost
                + " blocks have their last known copy on "
                + Members.text(node)
                + ": they are lost");
    if (last.silentGroups() > 0) {
      progress.say(
          "of "
              + last.silentGroups()
              + " of its placement groups no other holder answers: what only "
              + Members.text(node)
              + " has of them is lost as well");
    }
    progress.say("what its mount had not synced is lost");
    cluster.remove(node.id());
    return result(node, last);
  }

  private static Map<String, @Nullable Object> result(ClusterView.Node node, LastCopies lost) {
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("removed", node.id().toString());
    result.put("name", node.name());
    result.put("blocks_lost", lost.blocks());
    result.put("groups_unknown", lost.silentGroups());
    return result;
  }

  private void awaitHomes(
      ClusterView.Node leaving, Aim aim, ClusterAdmin.Group drained, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    String said = "";
    long fetched = 0;
    long lastChange = clock.nanoTime();
    while (true) {
      Waits now = waitsFor(leaving.id(), drained);
      String waits = now.words();
      if (waits.isEmpty()) {
        return;
      }
      if (!waits.equals(said) || now.fetched() != fetched) {
        if (!waits.equals(said)) {
          progress.say(waits);
        }
        said = waits;
        fetched = now.fetched();
        lastChange = clock.nanoTime();
      } else if (clock.nanoTime() - lastChange > STALL.toNanos()) {
        throw givesUp(leaving, aim, waits);
      }
      Pause.ofMillis(POLL_MILLIS);
    }
  }

  private Refusal givesUp(ClusterView.Node leaving, Aim aim, String waits)
      throws IOException, InterruptedException {
    long last = lastCopies(leaving.id()).blocks();
    String stays = "stays" + asBefore(leaving);
    return new Refusal(
        last > 0
            ? last
                + " blocks have their last known copy on "
                + Members.text(leaving)
                + "; it "
                + stays
                + ". "
                + aim.advice
            : Members.text(leaving) + " " + stays + ", as nothing moves any more: " + waits + ".");
  }

  /**
   * What is still to happen.
   *
   * @param words empty when all others hold all
   * @param fetched how many blocks those that answer have fetched in all; the words may stay the
   *     same while there are very many to fetch
   */
  private record Waits(String words, long fetched) {}

  private Waits waitsFor(NodeId leaving, ClusterAdmin.Group drained) throws InterruptedException {
    List<String> waits = new ArrayList<>();
    long fetched = 0;
    for (ClusterView.Node node : others(leaving)) {
      try {
        NodeReport report = cluster.report(node, drained.applied(), Long.MAX_VALUE);
        fetched += report.fetched();
        if (!report.holdsAll(drained.applied(), drained.placementEpoch())) {
          waits.add(
              Members.text(node)
                  + (report.needed() == 0
                      ? " looks through its blocks"
                      : " has " + report.needed() + " blocks to fetch"));
        }
      } catch (IOException e) {
        waits.add(Members.text(node) + " does not answer");
      }
    }
    return new Waits(String.join(", ", waits), fetched);
  }

  /** Those that hold groups without it. */
  private List<ClusterView.Node> others(NodeId leaving) {
    return cluster.nodes().stream()
        .filter(node -> !node.id().equals(leaving) && node.holds())
        .toList();
  }

  /**
   * What no other node is known to have.
   *
   * @param blocks those that other holders answered for and do not have
   * @param silentGroups the leaving node's groups of which no other holder answers
   */
  private record LastCopies(long blocks, int silentGroups) {
    static final LastCopies NONE = new LastCopies(0, 0);
  }

  private LastCopies lastCopies(NodeId leaving) throws InterruptedException {
    Map<NodeId, Set<BlockId>> missing = new HashMap<>();
    Set<BlockId> any = new HashSet<>();
    for (ClusterView.Node node : others(leaving)) {
      try {
        Set<BlockId> ofThis = missingOn(node);
        missing.put(node.id(), ofThis);
        any.addAll(ofThis);
      } catch (IOException e) {
        // Not known to have anything: what it holds counts as lost with the leaving node.
        LOG.info("{} does not answer: {}", Members.text(node), e.getMessage());
      }
    }
    Placement placement = cluster.placement();
    int silent = 0;
    for (int group = 0; group < BlockId.GROUPS; group++) {
      List<NodeId> replicas = placement.replicas(group);
      if (replicas.contains(leaving) && replicas.stream().noneMatch(missing::containsKey)) {
        silent++;
      }
    }
    return new LastCopies(
        any.stream().filter(block -> isNowhere(block, placement, missing)).count(), silent);
  }

  private static boolean isNowhere(
      BlockId block, Placement placement, Map<NodeId, Set<BlockId>> missing) {
    for (NodeId replica : placement.replicas(block.group())) {
      Set<BlockId> lacks = missing.get(replica);
      if (lacks != null && !lacks.contains(block)) {
        return false;
      }
    }
    return true;
  }

  private Set<BlockId> missingOn(ClusterView.Node node) throws IOException, InterruptedException {
    Set<BlockId> missing = new HashSet<>();
    long after = 0;
    while (true) {
      List<BlockId> page = cluster.report(node, Long.MAX_VALUE, after).missing();
      if (page.isEmpty()) {
        return missing;
      }
      missing.addAll(page);
      after = page.get(page.size() - 1).value();
    }
  }
}
