package io.pandofs.meta.raft;

import io.pandofs.common.Compression;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.log.PolicyCodec;
import io.pandofs.meta.wire.MemberMessage;
import io.pandofs.meta.wire.MembersAnswer;
import io.pandofs.meta.wire.MembersRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.protocol.RaftPeer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the leader, wherever it is, about the members, or to change something about one. Calls wait;
 * each may be repeated. They fail with {@link RefusedException} when it is not to be, and with
 * another {@code IOException} when there is no leader in time. Thread-safe.
 */
public final class ClusterAdmin {
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Running running;
  private final Connections connections;

  /** This node's replica, which may be another one later. */
  @FunctionalInterface
  interface Running {
    RunningReplica now() throws ErrnoException;
  }

  ClusterAdmin(Running running, Connections connections) {
    this.running = running;
    this.connections = connections;
  }

  /**
   * The group as the leader sees it.
   *
   * @param applied an index at which the leader has applied what was asked
   * @param placementEpoch of the map that is in force there
   * @param policy how blocks are kept there
   * @param peers the members of the Raft group
   */
  public record Group(
      NodeId leader,
      long applied,
      long placementEpoch,
      StoragePolicy policy,
      Map<NodeId, Peer> peers) {
    public Group {
      peers = Map.copyOf(peers);
    }
  }

  /**
   * A peer of the Raft group.
   *
   * @param isAlive whether it has answered this leader, and lately
   * @param silentMillis how long it has not answered the leader, which a new one counts from a
   *     little before it began to lead
   * @param matched how far its log agrees with the leader's
   */
  public record Peer(boolean voter, boolean isAlive, long silentMillis, long matched) {
    static Peer of(MemberMessage peer) {
      return new Peer(
          peer.getVoter(), Peers.isAlive(peer), peer.getSilentMillis(), peer.getMatched());
    }

    /**
     * Whether it is alive or the leader is too new to say: for who gives up what a dead node has.
     */
    public boolean mayLive() {
      return silentMillis <= Peers.DEAD_MILLIS;
    }
  }

  public Group list() throws IOException {
    return ask(MembersRequest.Kind.LIST, null);
  }

  /** Refuses when no majority of the other voters is alive. */
  public Group checkRemoval(NodeId node) throws IOException {
    return ask(MembersRequest.Kind.CHECK_REMOVAL, node);
  }

  /** From now on the node holds no placement group; the others fetch what it held. */
  public Group drain(NodeId node) throws IOException {
    return ask(MembersRequest.Kind.DRAIN, node);
  }

  /** A node that was to leave stays after all. */
  public Group keep(NodeId node) throws IOException {
    return ask(MembersRequest.Kind.KEEP, node);
  }

  /** Takes the node out of tables and group; its freshness is over, its sessions are so soon. */
  public Group remove(NodeId node) throws IOException {
    return ask(MembersRequest.Kind.REMOVE, node);
  }

  /** The node is to be found at these addresses; empty ones stay as they are. */
  public Group move(NodeId node, String control, String raft, String blocks) throws IOException {
    return ask(
        MembersRequest.newBuilder()
            .setKind(MembersRequest.Kind.MOVE)
            .setNode(node.value())
            .setControl(control)
            .setRaft(raft)
            .setBlocks(blocks)
            .build());
  }

  /** The node's disks are so large together. */
  public Group setCapacity(NodeId node, long bytes) throws IOException {
    return ask(
        MembersRequest.newBuilder()
            .setKind(MembersRequest.Kind.CAPACITY)
            .setNode(node.value())
            .setCapacityBytes(bytes)
            .build());
  }

  /**
   * Changes how blocks are kept.
   *
   * @param copies how many there shall be; 0: as before
   * @param writeQuorum null: as before
   * @param compression null: as before
   */
  public Group store(
      int copies,
      StoragePolicy.@Nullable WriteQuorum writeQuorum,
      @Nullable Compression compression)
      throws IOException {
    return ask(
        MembersRequest.newBuilder()
            .setKind(MembersRequest.Kind.STORE)
            .setPolicy(PolicyCodec.changes(copies, writeQuorum, compression))
            .build());
  }

  /**
   * Hands the leadership over.
   *
   * @param to null: to the best of the others
   */
  public Group transfer(@Nullable NodeId to) throws IOException {
    ask(MembersRequest.Kind.TRANSFER, to);
    return list();
  }

  private Group ask(MembersRequest.Kind kind, @Nullable NodeId node) throws IOException {
    return ask(
        MembersRequest.newBuilder().setKind(kind).setNode(node == null ? 0 : node.value()).build());
  }

  private Group ask(MembersRequest request) throws IOException {
    RunningReplica replica;
    try {
      replica = running.now();
    } catch (ErrnoException e) {
      throw new IOException(e.getMessage(), e);
    }
    MembersAnswer answer =
        ClusterJoin.get(
            replica.retry().until(PATIENCE, () -> askLeader(replica.ratis(), request)),
            PATIENCE.plus(DEADLINE));
    Map<NodeId, Peer> peers = new HashMap<>();
    answer.getMembersList().forEach(peer -> peers.put(new NodeId(peer.getNode()), Peer.of(peer)));
    return new Group(
        new NodeId(answer.getLeader()),
        answer.getApplied(),
        answer.getPlacementEpoch(),
        policy(answer),
        peers);
  }

  private static StoragePolicy policy(MembersAnswer answer) throws IOException {
    try {
      return PolicyCodec.decode(answer.getPolicy());
    } catch (MalformedException e) {
      throw new IOException("the leader's answer is not understood: " + e.getMessage(), e);
    }
  }

  private CompletableFuture<MembersAnswer> askLeader(RatisNode ratis, MembersRequest request) {
    RaftPeer leader = ratis.leader();
    if (leader == null) {
      return CompletableFuture.failedFuture(
          new NoLeaderException("no leader is known: a majority of the nodes must run"));
    }
    return ask(connections, leader, request, DEADLINE);
  }

  /** Asks one node; it answers if it leads. */
  static CompletableFuture<MembersAnswer> ask(
      Connections connections, RaftPeer peer, MembersRequest request, Duration deadline) {
    try {
      return RemoteLeader.call(
          connections.expecting(RatisNode.nodeId(peer.getId())),
          Addresses.parse(RatisNode.control(peer)),
          ControlMethods.MEMBERS,
          ControlCodec.payload(request),
          deadline,
          payload -> {
            MembersAnswer answer = ControlCodec.header(payload, MembersAnswer.parser());
            ControlCodec.check(answer.getAnswer());
            return answer;
          });
    } catch (RefusedException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
