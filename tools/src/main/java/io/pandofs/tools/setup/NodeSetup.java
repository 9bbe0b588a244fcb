package io.pandofs.tools.setup;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.Tls;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Enrolment;
import io.pandofs.meta.raft.LogLimits;
import io.pandofs.meta.raft.RaftTiming;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.meta.raft.ReplicaConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.node.Listening;
import io.pandofs.tools.node.Metadata;
import io.pandofs.tools.node.MountPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Gives this machine's new node its configuration and its identity. All that can be found wrong is,
 * before anything is written or a token used; what an unfinished setup has left does not keep it
 * from being done again.
 */
public final class NodeSetup {
  private static final Duration JOIN_PATIENCE = Duration.ofSeconds(30);

  private final Clock clock;
  private final SecureRandom random;

  public NodeSetup(Clock clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
  }

  private interface Enroller {
    void enrol(Enrolment enrolment) throws IOException;
  }

  /** Makes the node the first of a new cluster. */
  public void init(NewNode node) throws Refusal, IOException {
    setUp(node, Enrolment::found);
  }

  /** Makes the node one of the cluster that {@code seed} belongs to. */
  public void join(NewNode node, HostPort seed, JoinToken token) throws Refusal, IOException {
    ReplicaConfig config =
        new ReplicaConfig(
            node.data(),
            node.name(),
            node.raft().toSocketAddress(),
            node.raft().toString(),
            node.control().toString(),
            node.blocks().toString(),
            null,
            RaftTiming.DEFAULT,
            LogLimits.DEFAULT);
    ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    try (NetThreads threads = new NetThreads("join", 1);
        NettyConnections connections =
            new NettyConnections(
                threads, Tls.newcomer(token.authority()), NettyConnections.Limits.DEFAULT)) {
      setUp(
          node,
          enrolment ->
              enrolment.join(
                  config, seed.toString(), token, connections, scheduler, JOIN_PATIENCE));
    } finally {
      scheduler.shutdownNow();
    }
  }

  private void setUp(NewNode node, Enroller enroller) throws Refusal, IOException {
    makeMountPoint(node);
    try (DataDirectory data = Metadata.lock(node.data())) {
      refuseIfTaken(node, data);
      MountPoint.check(node.mount(), node.data());
      Listening.checkFree(node.control(), "control");
      Listening.checkFree(node.raft(), "raft");
      Listening.checkFree(node.blocks(), "blocks");
      Listening.checkFree(node.status(), "status");
      boolean fresh = !Files.exists(node.config());
      writeConfig(node);
      try {
        enroller.enrol(new Enrolment(data, clock, random));
      } catch (RefusedException e) {
        throw new Refusal("This node was not let in: " + e.getMessage() + ".", e);
      } catch (IOException e) {
        throw new Refusal("This node was not made: " + e.getMessage() + ".", e);
      } finally {
        if (fresh && data.identity() == null) {
          Files.deleteIfExists(node.config());
        }
      }
    }
  }

  private static void makeMountPoint(NewNode node) throws Refusal {
    try {
      if (Files.notExists(node.mount())) {
        Files.createDirectories(node.mount());
      }
    } catch (IOException e) {
      throw new Refusal("Cannot make the mount point " + node.mount() + ": " + e + ".", e);
    }
  }

  private static void refuseIfTaken(NewNode node, DataDirectory data) throws Refusal, IOException {
    if (data.identity() != null) {
      throw new Refusal(
          node.data()
              + " is a node's already; start it with: pando node --config "
              + node.config());
    }
    Path blocks = node.data().resolve("blocks");
    if (Files.exists(blocks)) {
      throw new Refusal(blocks + " has data of an earlier node; empty " + node.data() + " first.");
    }
  }

  private static void writeConfig(NewNode node) throws Refusal, IOException {
    String text = node.toToml();
    try {
      NodeConfig.parse(node.config(), text);
    } catch (ConfigException e) {
      throw new Refusal(String.valueOf(e.getMessage()), e);
    }
    if (Files.exists(node.config()) && !Files.readString(node.config()).equals(text)) {
      throw new Refusal(
          node.config()
              + " exists and says other things; move it away, or say --config for another file.");
    }
    Path parent = node.config().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(node.config(), text);
  }
}
