package io.pandofs.tools.node;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.Blocks;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.config.MountFlags;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.meta.raft.RaftTiming;
import io.pandofs.mount.fuse.Mount;
import io.pandofs.mount.fuse.MountException;
import io.pandofs.mount.fuse.MountOptions;
import io.pandofs.mount.fuse.Transport;
import io.pandofs.mount.fuse.direct.DirectTransport;
import io.pandofs.mount.fuse.jnr.JnrTransport;
import io.pandofs.mount.vfs.Capacity;
import io.pandofs.mount.vfs.SessionSource;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.VfsOptions;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mount of a node: a Vfs with its session, shown to the kernel. Thread-safe. */
final class MountedVolume implements LastSync.LastMount, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MountedVolume.class);

  /** So long the session of a machine that has died may hold a lease, elections included. */
  private static final Duration LEASE_PATIENCE_MIN =
      RaftTiming.DEFAULT.session().multipliedBy(2).plusSeconds(2);

  private final Vfs vfs;
  private final Mount mount;

  private final MountPolicy state;

  @GuardedBy("this")
  private boolean closed;

  private MountedVolume(Vfs vfs, Mount mount, MountPolicy state) {
    this.vfs = vfs;
    this.mount = mount;
    this.state = state;
  }

  /**
   * Registers the session, for which it waits until there is a leader, and mounts.
   *
   * @param givenUp whether the node has come to an end meanwhile
   */
  static MountedVolume mount(
      NodeConfig config,
      MetadataReplica replica,
      Blocks blocks,
      Capacity capacity,
      Clock clock,
      ScheduledExecutorService scheduler,
      BooleanSupplier givenUp)
      throws Refusal {
    Path place = config.mount();
    if (place == null) {
      throw new IllegalArgumentException("no mount is wanted");
    }
    QuorumLoss policy = config.quorumLoss();
    MetadataSession first = firstSession(replica, policy, givenUp);
    MountPolicy state = new MountPolicy(policy, replica::quorumLostFor);
    FirstThenNew sessions = new FirstThenNew(first, () -> state.watch(session(replica, policy)));
    state.watch(first);
    try {
      Vfs vfs =
          new Vfs(options(config, policy.patience()), clock, sessions, blocks, capacity, scheduler);
      try {
        MountOptions at =
            MountOptions.at(place).withState(state::word).withFlags(config.mountFlags());
        return new MountedVolume(vfs, transport(config).mount(vfs, at), state);
      } catch (MountException e) {
        vfs.close();
        throw new Refusal(String.valueOf(e.getMessage()), e);
      }
    } catch (IOException e) {
      throw new Refusal("Cannot mount: " + e.getMessage() + ".", e);
    }
  }

  private static Transport transport(NodeConfig config) {
    return switch (config.transport()) {
      case JNR -> new JnrTransport();
      case DIRECT -> new DirectTransport();
    };
  }

  private static VfsOptions options(NodeConfig config, Duration patience) {
    VfsOptions usual = VfsOptions.DEFAULT;
    return new VfsOptions(
        config.budgets().writeBuffer(),
        config.budgets().readCache(),
        usual.readAheadBytesMax(),
        usual.writeBackAge(),
        config.mountFlags().movesAccessTime(),
        patience,
        patience.compareTo(LEASE_PATIENCE_MIN) < 0 ? LEASE_PATIENCE_MIN : patience,
        config.mountFlags().has(MountFlags.Limit.SYNC),
        config.syncOnClose());
  }

  /** At a start there may be no leader for a while: other nodes may still be down. */
  private static MetadataSession firstSession(
      MetadataReplica replica, QuorumLoss policy, BooleanSupplier givenUp) throws Refusal {
    while (!givenUp.getAsBoolean()) {
      try {
        return replica.openSession(policy);
      } catch (ErrnoException e) {
        LOG.info("waiting for a majority of the nodes: {}", e.getMessage());
      }
    }
    throw new Refusal("Stopped while it was waiting for a majority of the nodes.");
  }

  /** A new session with this policy. */
  static MetadataSession session(MetadataReplica replica, QuorumLoss policy) throws IOException {
    try {
      return replica.openSession(policy);
    } catch (ErrnoException e) {
      throw new IOException("no leader grants a session: " + e.getMessage(), e);
    }
  }

  /** Gives out a session that is there already, and new ones after it. */
  private static final class FirstThenNew implements SessionSource {
    private final MetadataSession first;
    private final SessionSource next;
    private boolean given;

    FirstThenNew(MetadataSession first, SessionSource next) {
      this.first = first;
      this.next = next;
    }

    @Override
    public synchronized MetadataSession register() throws IOException {
      if (given) {
        return next.register();
      }
      given = true;
      return first;
    }
  }

  Path place() {
    return mount.mountPoint();
  }

  /** Whether the kernel still has it. */
  boolean isMounted() {
    return !mount.ended().isDone();
  }

  /** How it is, in a word and in a sentence. */
  MountPolicy state() {
    return state;
  }

  /** Of how many files written data was lost without that anybody was told yet. */
  long lostFiles() {
    return vfs.lostFiles();
  }

  Vfs.Memory memory() {
    return vfs.memory();
  }

  @Override
  public synchronized void syncAndClose(BooleanSupplier stillLeaving) throws IOException {
    if (!closed) {
      new LastCommit(steps()).run(stillLeaving);
    }
  }

  private LastCommit.Steps steps() {
    return new LastCommit.Steps() {
      @Override
      public void sync() throws ErrnoException {
        vfs.sync();
      }

      @Override
      public long losses() {
        return vfs.losses();
      }

      @Override
      public long untoldFiles() {
        return vfs.lostFiles();
      }

      @Override
      public void unmount() {
        mount.close();
      }

      @Override
      public void close() {
        MountedVolume.this.close();
      }
    };
  }

  /** Unmounts, flushes and ends the session. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      mount.close();
      vfs.close();
    }
  }
}
