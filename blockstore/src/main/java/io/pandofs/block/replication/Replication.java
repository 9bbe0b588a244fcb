package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockPeers;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.net.BlockClient;
import io.pandofs.common.NodeId;
import io.pandofs.common.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;

/**
 * What the parts of replication on a node work with; made once, by the wiring.
 *
 * @param scheduler for deadlines and retries; nothing that runs on it here waits
 * @param disk threads that may wait for the store and the tables
 * @param puts threads that take and answer puts; nothing that reads blocks runs there
 */
public record Replication(
    NodeId self,
    LocalBlocks local,
    BlockDirectory directory,
    BlockPeers peers,
    BlockClient client,
    Clock clock,
    ScheduledExecutorService scheduler,
    Executor disk,
    Executor puts) {

  /** The other replicas of a group, begun at a different one for different {@code turn}s. */
  List<NodeId> othersOf(int group, long turn) {
    List<NodeId> others = new ArrayList<>(directory.replicas(group).nodes());
    others.remove(self);
    if (!others.isEmpty()) {
      Collections.rotate(others, (int) Math.floorMod(turn, (long) others.size()));
    }
    return others;
  }

  /**
   * The other members, which are no replicas of the group. A map that changed twice may name nobody
   * who has a block already, while a former replica still does.
   */
  List<NodeId> strangersTo(int group) {
    List<NodeId> strangers = new ArrayList<>(peers.members());
    strangers.removeAll(directory.replicas(group).nodes());
    strangers.remove(self);
    return strangers;
  }

  boolean isReplicaOf(int group) {
    return directory.replicas(group).nodes().contains(self);
  }
}
