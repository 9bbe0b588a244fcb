package io.pandofs.block.replication;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which copies this node need not keep: those of groups that are others' by the placement
 * map, when each of the others has said that it holds the block (PROTOCOL rule 14).
 *
 * <p>Invariant: from before the others are asked about a block until its copy is deleted or kept,
 * this node tells nobody that it holds it. Nodes whose maps differ could otherwise each delete
 * their copy on the other's word.
 *
 * <p>Threads: {@link #isDeparting} is for all, the rest for one at a time.
 */
final class Surplus {
  private static final Logger LOG = LoggerFactory.getLogger(Surplus.class);
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final Replication replication;
  private final Set<BlockId> foreign = ConcurrentHashMap.newKeySet();

  /** Who did not answer in this sweep, and is not waited for again. */
  private final Set<NodeId> silent = new HashSet<>();

  Surplus(Replication replication) {
    this.replication = replication;
  }

  /** A sweep begins. */
  void begin() {
    foreign.clear();
    silent.clear();
  }

  /** Takes note of a block that is here, if its group is others'. */
  void look(BlockId block) {
    List<NodeId> replicas = replication.directory().replicas(block.group()).nodes();
    if (!replicas.isEmpty() && !replicas.contains(replication.self())) {
      foreign.add(block);
    }
  }

  /** Whether the copy that is here may be deleted at any moment. */
  boolean isDeparting(BlockId block) {
    return foreign.contains(block);
  }

  /** What was to be deleted is deleted, or kept: nothing is noted any more. */
  void decided() {
    foreign.clear();
  }

  /** Those of the noted that can go. Waits for the others' answers. */
  List<BlockId> confirmed() throws InterruptedException {
    Map<NodeId, List<BlockId>> questions = new HashMap<>();
    Map<BlockId, List<NodeId>> homes = new HashMap<>();
    for (BlockId block : foreign) {
      List<NodeId> replicas = replication.directory().replicas(block.group()).nodes();
      homes.put(block, replicas);
      for (NodeId replica : replicas) {
        questions.computeIfAbsent(replica, node -> new ArrayList<>()).add(block);
      }
    }
    questions.keySet().removeAll(silent);
    Map<NodeId, CompletableFuture<Set<BlockId>>> asked = new HashMap<>();
    questions.forEach((node, blocks) -> asked.put(node, ask(node, blocks)));
    Map<NodeId, Set<BlockId>> held = new HashMap<>();
    for (Map.Entry<NodeId, CompletableFuture<Set<BlockId>>> each : asked.entrySet()) {
      held.put(each.getKey(), answer(each.getKey(), each.getValue()));
    }
    List<BlockId> confirmed = new ArrayList<>();
    homes.forEach(
        (block, replicas) -> {
          boolean all =
              replicas.stream().allMatch(node -> held.getOrDefault(node, Set.of()).contains(block));
          if (all && replicas.equals(replication.directory().replicas(block.group()).nodes())) {
            confirmed.add(block);
          }
        });
    return confirmed;
  }

  private CompletableFuture<Set<BlockId>> ask(NodeId node, List<BlockId> blocks) {
    InetSocketAddress address = replication.peers().addressOf(node);
    return address == null
        ? CompletableFuture.completedFuture(Set.of())
        : replication.client().expecting(node).have(address, blocks, DEADLINE);
  }

  private Set<BlockId> answer(NodeId node, CompletableFuture<Set<BlockId>> asked)
      throws InterruptedException {
    try {
      return asked.get(2 * DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("{} does not say what it holds: {}", node, e.toString());
      silent.add(node);
      return Set.of();
    }
  }
}
