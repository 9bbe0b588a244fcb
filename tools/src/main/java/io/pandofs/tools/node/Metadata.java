package io.pandofs.tools.node;

import io.pandofs.common.config.ClusterConfig;
import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.LogSettings;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.DamagedException;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Identity;
import io.pandofs.meta.raft.LogLimits;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.meta.raft.NodeSecurity;
import io.pandofs.meta.raft.RaftTiming;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.meta.raft.ReplicaConfig;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the metadata replica of a node up: with the identity on disk, or a new one. */
public final class Metadata {
  private static final Logger LOG = LoggerFactory.getLogger(Metadata.class);
  private static final Duration JOIN_ROUND = Duration.ofSeconds(10);
  private static final Duration JOIN_PATIENCE = Duration.ofMinutes(2);
  private static final Duration START_PATIENCE = Duration.ofMinutes(1);

  private final NodeConfig config;
  private final Clock clock;

  Metadata(NodeConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
  }

  /** Takes the data directory for this process. */
  public static DataDirectory lock(Path directory) throws Refusal {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new Refusal("data_dir " + directory + " is not a directory; name one that is.");
    }
    try {
      return DataDirectory.lock(directory);
    } catch (AccessDeniedException e) {
      throw new Refusal(
          "No permission to write in data_dir " + directory + "; run as its owner.", e);
    } catch (RefusedException e) {
      throw new Refusal(
          "data_dir " + e.getMessage() + "; stop that one, or name another data_dir.", e);
    } catch (IOException e) {
      throw new Refusal("Cannot use data_dir " + directory + ": " + e.getMessage() + ".", e);
    }
  }

  ReplicaConfig replicaConfig(@Nullable NodeSecurity security) {
    String machine = NodeConfig.machineName();
    return new ReplicaConfig(
        config.dataDirectory(),
        config.name(),
        config.raft().listen().toSocketAddress(),
        config.raft().advertised(machine).toString(),
        config.control().advertised(machine).toString(),
        config.blocks().advertised(machine).toString(),
        security,
        RaftTiming.DEFAULT
            .withElection(config.raftTimeouts().min(), config.raftTimeouts().max())
            .withOutAfter(config.nodeOutAfter()),
        limits(config.log()));
  }

  private static LogLimits limits(LogSettings log) {
    return new LogLimits(
        log.checkpointEntries(),
        log.checkpointBytes(),
        log.checkpointEvery(),
        LogLimits.DEFAULT.checkpointsKept(),
        log.keepEntries(),
        log.segmentBytes());
  }

  /**
   * Starts the replica, as a new member if the data directory is nobody's.
   *
   * @throws DamagedException what is there must not be used again, which is remembered on the disk
   */
  Identity start(MetadataReplica replica, DataDirectory data) throws Refusal, DamagedException {
    try {
      Identity before = data.identity();
      if (before == null) {
        checkNoStrayBlocks();
        found(replica, data, config.cluster());
      } else if (data.predecessor() == null) {
        replica.start(START_PATIENCE);
      } else {
        startAgain(replica);
      }
      Identity identity = data.identity();
      if (identity == null) {
        throw new IllegalStateException("started without an identity");
      }
      return identity;
    } catch (DamagedException e) {
      remember(data, e);
      throw e;
    } catch (IOException e) {
      throw new Refusal("Cannot start: " + e.getMessage() + ".", e);
    }
  }

  private static void remember(DataDirectory data, DamagedException damage) throws Refusal {
    try {
      data.markDamaged(String.valueOf(damage.getMessage()));
    } catch (IOException e) {
      throw new Refusal(
          "Cannot start: " + damage.getMessage() + ". Nor can that be written down.", e);
    }
  }

  /** As the one that joined again, which may take until there is a majority of the others. */
  private void startAgain(MetadataReplica replica) throws IOException {
    while (true) {
      long began = clock.nanoTime();
      try {
        replica.start(START_PATIENCE);
        return;
      } catch (RefusedException | DamagedException e) {
        throw e;
      } catch (IOException e) {
        if (clock.nanoTime() - began < START_PATIENCE.toNanos()) {
          throw e; // not for want of a majority
        }
        LOG.warn("not a member yet: {}", e.getMessage());
      }
    }
  }

  /** Blocks of a node whose identity is gone belong to nobody; a new node must not adopt them. */
  private void checkNoStrayBlocks() throws Refusal, IOException {
    Path blocks = NodeDisks.usual(config.dataDirectory());
    if (!Files.isDirectory(blocks)) {
      return;
    }
    try (Stream<Path> entries = Files.list(blocks)) {
      if (entries.findAny().isPresent()) {
        throw new Refusal(
            blocks
                + " has data but the identity beside it is missing: restore it, or empty "
                + config.dataDirectory()
                + " and join as a new node.");
      }
    }
  }

  private void found(MetadataReplica replica, DataDirectory data, ClusterConfig cluster)
      throws IOException {
    if (cluster.bootstrap()) {
      LOG.info("making a new cluster");
      replica.bootstrap(START_PATIENCE);
      return;
    }
    if (cluster.join().isEmpty()) {
      throw new RefusedException(
          config.dataDirectory()
              + " is empty: make a cluster with pando init, or join one with pando join");
    }
    long deadline = clock.nanoTime() + JOIN_PATIENCE.toNanos();
    while (true) {
      IOException last = new IOException("nobody to join");
      for (HostPort seed : cluster.join()) {
        try {
          LOG.info("joining the cluster of {}", seed);
          if (data.identity() == null) {
            replica.join(seed.toString(), JOIN_ROUND);
          } else {
            // An earlier round was registered, but did not become a voter in its time.
            replica.start(JOIN_ROUND);
          }
          return;
        } catch (RefusedException e) {
          throw e;
        } catch (IOException e) {
          LOG.info("could not join through {}: {}", seed, e.getMessage());
          last = e;
        }
      }
      if (clock.nanoTime() - deadline > 0) {
        throw new IOException("no node of cluster.join takes this one in: " + last.getMessage());
      }
    }
  }
}
