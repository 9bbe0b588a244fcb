package io.pandofs.tools.node;

import io.pandofs.block.local.LocalBlockStore;
import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Identity;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node whose metadata must not be used again back as a new member (PROTOCOL rule 19). What
 * it had is put aside and never deleted; its blocks are whole by their own checksums, and the new
 * member takes them over. Asks for as long as it takes: without a majority of the others nobody can
 * join.
 */
final class Rejoin {
  private static final Logger LOG = LoggerFactory.getLogger(Rejoin.class);
  private static final Duration ROUND = Duration.ofSeconds(10);

  private final NodeConfig config;
  private final MetadataReplica replica;
  private final DataDirectory data;

  Rejoin(NodeConfig config, MetadataReplica replica, DataDirectory data) {
    this.config = config;
    this.replica = replica;
    this.data = data;
  }

  /**
   * Returns when this node is a member again.
   *
   * @throws Refusal when no other member is known, or the cluster does not take it
   */
  void run() throws Refusal, IOException {
    Set<String> others = others();
    String reason = data.damageReason();
    if (reason != null) {
      if (others.isEmpty()) {
        throw new Refusal(
            "Cannot start: "
                + reason
                + ". No other node of the cluster is known, so there is nobody to join again;"
                + " restore "
                + config.dataDirectory()
                + " from a backup.");
      }
      Path aside = data.putAside();
      LOG.error(
          "{}. This node must not vote with that and joins again as a new one; what it had is kept"
              + " in {}",
          reason,
          aside);
    }
    while (true) {
      for (String other : others) {
        try {
          if (data.identity() == null) {
            replica.join(other, ROUND);
          } else {
            replica.start(ROUND);
          }
          return;
        } catch (RefusedException e) {
          throw e;
        } catch (IOException e) {
          LOG.warn("could not join again through {}: {}", other, e.getMessage());
        }
      }
    }
  }

  private Set<String> others() throws IOException {
    Set<String> others = new LinkedHashSet<>(data.lastKnownMembers());
    config.cluster().join().stream().map(HostPort::toString).forEach(others::add);
    others.remove(config.control().advertised(NodeConfig.machineName()).toString());
    return others;
  }

  /** The blocks of the node that this one was go over to the one that it is. */
  static void takeOverBlocks(NodeConfig config, DataDirectory data, Identity now) throws Refusal {
    try {
      Identity before = data.predecessor();
      if (before != null) {
        LocalBlockStore.takeOver(
            BlockSide.directory(config), BlockSide.stamp(before), BlockSide.stamp(now));
        data.forgetPredecessor();
      }
    } catch (IOException e) {
      throw new Refusal("Cannot take over the block store: " + e.getMessage() + ".", e);
    }
  }
}
