package io.pandofs.tools.node;

import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.Tls;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.DamagedException;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Enrolment;
import io.pandofs.meta.raft.Identity;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.meta.raft.ReplicaConfig;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a node whose metadata must not be used again a new id, before anything of it runs (PROTOCOL
 * rule 19). What it had is put aside and never deleted; its blocks are whole by their own
 * checksums, and the new member takes them over. Asks for as long as it takes: without a majority
 * of the others nobody can join.
 */
final class Rejoin {
  private static final Logger LOG = LoggerFactory.getLogger(Rejoin.class);
  private static final Duration ROUND = Duration.ofSeconds(10);

  private final NodeConfig config;
  private final ReplicaConfig names;
  private final DataDirectory data;
  private final Clock clock;

  /**
   * @param names this node's names and addresses; nothing else of it is looked at
   */
  Rejoin(NodeConfig config, ReplicaConfig names, DataDirectory data, Clock clock) {
    this.config = config;
    this.names = names;
    this.data = data;
    this.clock = clock;
  }

  /**
   * Does nothing if the metadata may be used. Otherwise returns when the cluster has given this
   * node a new id, and with certificates a new one; the start makes it a member.
   *
   * @throws Refusal when no other member is known, or the cluster does not take it
   */
  void ifNeeded() throws Refusal {
    try {
      String reason = damage();
      // A predecessor without an identity was put aside, and the asking did not come to its end.
      if (reason != null || (data.predecessor() != null && data.identity() == null)) {
        Set<String> others = others();
        if (others.isEmpty()) {
          throw new Refusal(
              "Cannot start: "
                  + (reason == null ? "the metadata were put aside" : reason)
                  + ". No other node of the cluster is known, so there is nobody to join again;"
                  + " restore "
                  + config.dataDirectory()
                  + " from a backup.");
        }
        if (reason != null) {
          putAside(reason);
        }
        ask(others);
      }
    } catch (IOException e) {
      throw new Refusal("Cannot start: " + e.getMessage() + ".", e);
    }
  }

  private @Nullable String damage() throws IOException {
    if (data.damageReason() == null) {
      try {
        data.identity();
      } catch (DamagedException e) {
        data.markDamaged(String.valueOf(e.getMessage()));
      }
    }
    return data.damageReason();
  }

  private void putAside(String reason) throws IOException {
    Path aside = data.putAside();
    LOG.error(
        "{}. This node must not vote with that and joins again as a new one; what it had is kept"
            + " in {}",
        reason,
        aside);
  }

  private void ask(Set<String> others) throws IOException {
    Enrolment enrolment = new Enrolment(data, clock, new SecureRandom());
    try (NetThreads threads = new NetThreads("rejoin", 1);
        Workers timer = new Workers("rejoin-timer", 1)) {
      while (true) {
        for (String other : others) {
          // On these connections it is who it was.
          try (NettyConnections connections =
              new NettyConnections(threads, shown(), NettyConnections.Limits.DEFAULT)) {
            enrolment.joinAgain(names, other, connections, timer.scheduler(), ROUND);
            return;
          } catch (RefusedException e) {
            throw e;
          } catch (IOException e) {
            LOG.warn("could not join again through {}: {}", other, e.getMessage());
          }
        }
      }
    }
  }

  /** What the last enrolment gave it; null without certificates. */
  private @Nullable Tls shown() throws IOException {
    return data.files().isPresent()
        ? Tls.member(new Keyring(data.files().credentials()), Admission.ALL)
        : null;
  }

  private Set<String> others() throws IOException {
    Set<String> others = new LinkedHashSet<>(data.lastKnownMembers());
    config.cluster().join().stream().map(HostPort::toString).forEach(others::add);
    others.remove(config.control().advertised(NodeConfig.machineName()).toString());
    return others;
  }

  /** The blocks of the node that this one was go over to the one that it is now. */
  static void takeOverBlocks(NodeConfig config, DataDirectory data) throws Refusal {
    try {
      Identity before = data.predecessor();
      if (before != null) {
        NodeDisks.takeOver(config, before);
        data.forgetPredecessor();
      }
    } catch (IOException e) {
      throw new Refusal("Cannot take over the block store: " + e.getMessage() + ".", e);
    }
  }
}
