package io.pandofs.tools.node;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.raft.BlockTables;
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
 * commits what was written to it and ends just before. May be ended at any step and repeated.
 */
final class NodeRemoval {
  private static final Logger LOG = LoggerFactory.getLogger(NodeRemoval.class);
  private static final long POLL_MILLIS = 300;
  private static final Duration STALL = Duration.ofSeconds(30);

  private final ClusterAdmin admin;
  private final BlockTables tables;
  private final NodeReports reports;
  private final LastSync lastSync;
  private final Clock clock;

  NodeRemoval(
      ClusterAdmin admin, BlockTables tables, NodeReports reports, LastSync lastSync, Clock clock) {
    this.admin = admin;
    this.tables = tables;
    this.reports = reports;
    this.lastSync = lastSync;
    this.clock = clock;
  }

  /** Removes it when that loses nothing. */
  Map<String, @Nullable Object> remove(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    empty(node, progress);
    endMount(node, progress);
    admin.remove(node.id());
    return result(node, 0);
  }

  /** Takes its blocks away when that loses nothing; it stays a member, a voter and a mount. */
  Map<String, @Nullable Object> drain(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    empty(node, progress);
    return Map.of("node", node.id().toString(), "name", node.name(), "drained", true);
  }

  /** It holds its share of the blocks again. */
  Map<String, @Nullable Object> keep(ClusterView.Node node) throws IOException {
    admin.keep(node.id());
    return Map.of("node", node.id().toString(), "name", node.name(), "drained", false);
  }

  private void empty(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    ClusterAdmin.Group drained = admin.drain(node.id());
    progress.say(Members.text(node) + " holds no group any more; the others fetch what it held");
    awaitHomes(node, drained, progress);
    progress.say("every block has its homes without it");
  }

  /** Its sessions end with its removal: what its mount has not committed by then is lost. */
  private void endMount(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    boolean mayLive = mayLive(admin.checkRemoval(node.id()), node);
    boolean committed;
    try {
      committed = mayLive && lastSync.ask(node);
    } catch (RemoteException e) {
      throw stays(node, e.getMessage() + ". Try again, or say --force to give that up.", e);
    } catch (IOException e) {
      if (mayLive(admin.list(), node)) {
        throw stays(
            node,
            "it may still be committing what was written there ("
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
    admin.keep(node.id());
    return new Refusal(Members.text(node) + " stays: " + why, cause);
  }

  /** Removes it whatever is lost; says what that may be. */
  Map<String, @Nullable Object> force(ClusterView.Node node, AdminCommand.Progress progress)
      throws Refusal, IOException, InterruptedException {
    admin.checkRemoval(node.id());
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
    admin.remove(node.id());
    return result(node, lost);
  }

  private static Map<String, @Nullable Object> result(ClusterView.Node node, long lost) {
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("removed", node.id().toString());
    result.put("name", node.name());
    result.put("blocks_lost", lost);
    return result;
  }

  private void awaitHomes(
      ClusterView.Node leaving, ClusterAdmin.Group drained, AdminCommand.Progress progress)
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
        giveUp(leaving, waits);
      }
      Pause.ofMillis(POLL_MILLIS);
    }
  }

  private void giveUp(ClusterView.Node leaving, String waits)
      throws Refusal, IOException, InterruptedException {
    long last = lastCopies(leaving.id()).blocks();
    admin.keep(leaving.id());
    throw new Refusal(
        last > 0
            ? last
                + " blocks have their last known copy on "
                + Members.text(leaving)
                + "; it stays. Bring it back, or say --force to give them up."
            : Members.text(leaving) + " stays, as nothing moves any more: " + waits + ".");
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
        NodeReport report = reports.ask(node, drained.applied(), Long.MAX_VALUE);
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
    return tables.nodes().stream()
        .filter(node -> !node.id().equals(leaving) && node.holds())
        .toList();
  }

  /**
   * What no other node is known to have.
   *
   * @param blocks those that other holders answered for and do not have
   * @param silentGroups the leaving node's groups of which no other holder answers
   */
  private record LastCopies(long blocks, int silentGroups) {}

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
    Placement placement = tables.placement();
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
      List<BlockId> page = reports.ask(node, Long.MAX_VALUE, after).missing();
      if (page.isEmpty()) {
        return missing;
      }
      missing.addAll(page);
      after = page.get(page.size() - 1).value();
    }
  }
}
