package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CompactableFiles;
import io.pandofs.meta.InlineBlocks;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * This node's replica of the metadata: the one thing that a node daemon makes of this module.
 *
 * <p>Made first, so that its control service can be given to a server; then started once by one of
 * {@link #bootstrap}, {@link #join} and {@link #start}, which return when the node is a member and,
 * for the first two, serves. Thread-safe; starting and closing are one thread's business.
 */
public final class MetadataReplica implements AutoCloseable {
  private static final Duration REOPEN_PATIENCE = Duration.ofMinutes(1);

  private final ReplicaConfig config;
  private final Surroundings surroundings;
  private final DataDirectory data;
  private final ReplicaListener listener;
  private final BlockTables blocks;
  private final Revival revival;
  private final ClusterAdmin admin;
  private volatile @Nullable RunningReplica running;

  /**
   * @param data this process's data directory, locked; closed by who made it, after this
   * @param listener see {@link ReplicaListener}
   */
  public MetadataReplica(
      ReplicaConfig config,
      Surroundings surroundings,
      DataDirectory data,
      ReplicaListener listener) {
    this.config = config;
    this.surroundings = surroundings;
    this.data = data;
    this.listener = listener;
    this.blocks = new BlockTables(surroundings.clock());
    this.revival = new Revival(config, surroundings, data, this::reopen);
    this.admin = new ClusterAdmin(this::live, surroundings.connections());
  }

  /** Answers the methods of {@link ControlMethods}; usable before the start, when it refuses. */
  public Service control() {
    return this::handle;
  }

  private CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    RunningReplica now = running;
    if (now == null) {
      request.close();
      return CompletableFuture.failedFuture(new IOException("this node is starting"));
    }
    return now.control().handle(from, method, request);
  }

  /**
   * Makes a new volume with this node as its only member.
   *
   * @throws RefusedException if the data directory is somebody's already
   */
  public void bootstrap(Duration patience) throws IOException {
    refuseIfTaken();
    Identity identity =
        new Identity(
            positive(),
            new NodeId(1),
            surroundings.random().nextLong(),
            0,
            Identity.Stage.FORMING,
            List.of());
    data.found(identity);
    goOn(identity, patience);
  }

  /**
   * Makes this node a member of the cluster that a node at {@code seed} belongs to. Returns when it
   * is a voter and has caught up.
   */
  public void join(String seed, Duration patience) throws IOException {
    refuseIfTaken();
    Identity identity =
        ClusterJoin.identity(
            clusterJoin()
                .register(
                    seed,
                    ClusterJoin.request(config).setNonce(surroundings.random().nextLong()).build(),
                    patience),
            surroundings.random().nextLong());
    data.found(identity);
    goOn(identity, patience);
  }

  private ClusterJoin clusterJoin() {
    return new ClusterJoin(
        surroundings.clock(), surroundings.scheduler(), surroundings.connections());
  }

  /**
   * Goes on where the data directory says: an unfinished bootstrap or join is finished. A member's
   * start does not wait for a leader.
   *
   * @param patience for what is not finished
   */
  public void start(Duration patience) throws IOException {
    Identity identity = data.identity();
    if (identity == null) {
      throw new RefusedException("the data directory is empty: make a volume or join one first");
    }
    goOn(identity, patience);
  }

  private void refuseIfTaken() throws IOException {
    Identity identity = data.identity();
    if (identity != null) {
      throw new RefusedException(
          "the data directory belongs to "
              + identity.node()
              + " of volume "
              + Long.toHexString(identity.volumeId())
              + " already");
    }
  }

  private long positive() {
    return (surroundings.random().nextLong() & Long.MAX_VALUE) | 1;
  }

  /** Puts a replica that has failed, and may go on, in motion again: a new one, as by a restart. */
  private void reopen(RunningReplica before) throws IOException {
    before.closeNow();
    Identity identity = data.identity();
    if (identity == null) {
      throw new DamagedException("the identity is gone");
    }
    goOn(identity, REOPEN_PATIENCE);
    listener.onReset();
  }

  private void goOn(Identity identity, Duration patience) throws IOException {
    if (identity.stage() == Identity.Stage.REMOVED) {
      throw new RefusedException(
          identity.node()
              + " was removed from the cluster: empty "
              + config.dataDir()
              + " and join as a new node");
    }
    if (identity.stage() == Identity.Stage.RECOVERING) {
      throw new RefusedException(
          "a recovery was begun here and not finished: finish it with pando recover");
    }
    boolean forming = identity.stage() == Identity.Stage.FORMING;
    boolean alone = forming || identity.stage() == Identity.Stage.RECOVERED;
    RaftGroups.keepOnly(data.raft(), identity);
    RunningReplica replica =
        new RunningReplica(
            config,
            surroundings,
            identity,
            data,
            listener,
            blocks,
            alone
                ? List.of(
                    RatisNode.peer(
                        identity.node(), config.raftAdvertised(), config.controlAdvertised()))
                : List.of());
    RunningReplica before = running;
    try {
      replica.start();
      running = replica;
      if (alone) {
        // Its log is the evidence from now on, so it must have begun.
        awaitLeadership(replica, patience);
      }
      if (forming) {
        form(replica, patience);
      } else if (identity.stage() == Identity.Stage.JOINING) {
        keepAuthorityKey(clusterJoin().promote(replica, patience));
      }
      if (identity.stage() != Identity.Stage.MEMBER) {
        data.write(identity.member());
      }
      replica.sessions().endPredecessors();
      revival.watch(replica);
    } catch (IOException | RuntimeException e) {
      running = before;
      replica.closeNow();
      throw e;
    }
  }

  /** From now on this node can let others in. */
  private void keepAuthorityKey(byte[] key) throws IOException {
    NodeSecurity security = config.security();
    if (security == null) {
      return;
    }
    if (key.length == 0) {
      throw new IOException("the leader did not give the authority's key");
    }
    security.files().keepAuthorityKey(key);
  }

  private static void awaitLeadership(RunningReplica replica, Duration patience)
      throws IOException {
    try (MetadataView view = replica.openView(patience)) {
      view.index();
    } catch (ErrnoException e) {
      throw new IOException("the only node does not become leader: " + e.getMessage(), e);
    }
  }

  /** Whoever makes a volume may write to it: its root is whose the data directory is. */
  private Caller owner() throws IOException {
    return new Caller(
        (int) Files.getAttribute(config.dataDir(), "unix:uid"),
        (int) Files.getAttribute(config.dataDir(), "unix:gid"));
  }

  /** The first entries of a new volume. May have been done in part by an earlier try. */
  private void form(RunningReplica replica, Duration patience) throws IOException {
    boolean formatted;
    boolean registered;
    try (LocalSnapshot snapshot = replica.snapshot()) {
      formatted = snapshot.cluster().isFormatted();
      registered = snapshot.cluster().node(replica.identity().node()) != null;
    }
    if (!formatted) {
      surely(
          replica,
          new LogEntry.Format(replica.identity().volumeId(), owner(), surroundings.clock().now()),
          patience);
    }
    if (!registered) {
      LogEntry.RegisterNode self =
          new LogEntry.RegisterNode(
              0,
              config.name(),
              config.controlAdvertised(),
              config.raftAdvertised(),
              config.blocksAdvertised());
      long number = surely(replica, self, patience).number();
      if (number != replica.identity().node().value()) {
        throw new IOException("the first node was registered as n" + number);
      }
    }
  }

  private static LogReply surely(RunningReplica replica, LogEntry entry, Duration patience)
      throws IOException {
    LogReply reply = ClusterJoin.get(replica.sessions().proposeSurely(entry, patience), patience);
    if (reply.status() != LogReply.Status.OK) {
      throw new IOException("the log refused " + entry + ": " + reply.status());
    }
    return reply;
  }

  /** The replica that runs now, which may be another one later. */
  RunningReplica live() throws ErrnoException {
    RunningReplica now = running;
    if (now == null) {
      throw new ErrnoException(Errno.EIO, "the replica is not running");
    }
    return now;
  }

  /**
   * Registers a mount.
   *
   * @param policy what its calls do while there is no majority
   * @throws ErrnoException EIO when no leader answers in the time that a call waits, or this node
   *     was removed
   */
  public MetadataSession openSession(QuorumLoss policy) throws ErrnoException {
    Duration left = revival.await(policy.patience());
    RunningReplica replica = live();
    replica.refuseIfLeaving(left);
    return replica.sessions().open(policy, left);
  }

  /** How long no leader has answered; zero while the majority is not known to be gone. */
  public Duration quorumLostFor() throws ErrnoException {
    return live().sessions().quorumLostFor();
  }

  /** What this node has applied; may be behind what other mounts have seen. */
  public MetadataView localView() throws ErrnoException {
    return live().localView();
  }

  /** For who changes the membership. */
  public ClusterAdmin admin() {
    return admin;
  }

  /** Makes join tokens; only where nodes have certificates. */
  public JoinTokens tokens() throws ErrnoException {
    NodeSecurity security = config.security();
    if (security == null) {
      throw new ErrnoException(Errno.EOPNOTSUPP, "this cluster has no certificates");
    }
    return new JoinTokens(live(), security, surroundings.clock());
  }

  /** For the block side. */
  public BlockTables blocks() throws ErrnoException {
    live();
    return blocks;
  }

  /** For who stores anew what lies badly in blocks. */
  public CompactableFiles files() {
    return new ReplicaFiles(blocks, this::leads);
  }

  /** For who puts on their replicas what came into the tables with its bytes. */
  public InlineBlocks inlineBlocks() {
    return new ReplicaFiles(blocks, this::leads);
  }

  private boolean leads() {
    RunningReplica now = running;
    return now != null && now.ratis().leads();
  }

  public ReplicaStatus status() throws ErrnoException {
    return live().status();
  }

  /**
   * Completes when this replica serves no more and does not come back by itself: it was removed, it
   * has to join again as a new node, or it met a defect. After an error of the disk it neither
   * serves nor ends: {@link #status} says so.
   */
  public CompletableFuture<ReplicaFailure> ended() {
    return revival.ended();
  }

  /** Completes if the replica that runs now has to stop serving. */
  CompletableFuture<ReplicaFailure> failed() throws ErrnoException {
    return live().failed();
  }

  /**
   * Asks every node to hash its tables; the hashes show up in {@link #status} under one index.
   *
   * @throws ErrnoException EIO when no leader answers in time
   */
  public void hashTables(Duration patience) throws ErrnoException {
    try {
      surely(live(), new LogEntry.HashTables(), patience);
    } catch (IOException e) {
      throw new ErrnoException(Errno.EIO, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Has Raft commit and apply an entry that changes nothing, and returns then: for who wants to
   * know how long that takes.
   *
   * @throws ErrnoException EIO when this node does not lead, or not in time
   */
  public void commitNothing(Duration patience) throws ErrnoException {
    try {
      ClusterJoin.get(live().ratis().proveLeading(), patience);
    } catch (IOException e) {
      throw new ErrnoException(Errno.EIO, String.valueOf(e.getMessage()));
    }
  }

  /** Makes a durable checkpoint now and completes with its index. */
  public CompletableFuture<Long> checkpoint() throws ErrnoException {
    return live().ratis().checkpoint();
  }

  /** The control addresses of the members, as applied here. */
  public List<String> members() throws ErrnoException {
    return blocks().nodes().stream().map(node -> node.control()).toList();
  }

  @Override
  public void close() {
    revival.close();
    RunningReplica now = running;
    running = null;
    if (now != null) {
      now.close();
    }
  }

  /** This node's tables as they are. */
  LocalSnapshot snapshot() {
    RunningReplica now = running;
    if (now == null) {
      throw new IllegalStateException("not running");
    }
    return now.snapshot();
  }

  /** Puts an entry that may be repeated into the log. */
  LogReply propose(LogEntry entry, Duration patience) throws IOException {
    RunningReplica now = running;
    if (now == null) {
      throw new IllegalStateException("not running");
    }
    return surely(now, entry, patience);
  }

  /** This node's Raft server. */
  RatisNode ratis() {
    RunningReplica now = running;
    if (now == null) {
      throw new IllegalStateException("not running");
    }
    return now.ratis();
  }

  /** As when this happens to the replica that runs. */
  void fail(ReplicaFailure failure) throws ErrnoException {
    live().fail(failure, null);
  }

  /** Stops as a crash would: tells nobody, ends no session. */
  void abort() {
    revival.close();
    RunningReplica now = running;
    running = null;
    if (now != null) {
      now.closeNow();
    }
  }
}
