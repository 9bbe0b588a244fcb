package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.client.impl.ClientProtoUtils;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.RaftServerAsynchronousProtocol;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;

/**
 * This node's Ratis server and the one group it serves, spoken to in-process. Thread-safe.
 *
 * <p>Requests go straight to the group's division: the server's own entrance hands each to a pool
 * of threads, where two batches of one session could change places.
 */
final class RatisNode implements AutoCloseable {
  private static final long CALL_MILLIS = 5_000;

  /** An entry that changes nothing. */
  private static final byte[] NOTHING = LogCodec.encode(new LogEntry.Reap(List.of()));

  private final NodeId self;
  private final RaftGroupId group;
  private final ClientId client;
  private final LeaderLease lease = new LeaderLease();
  private final AtomicLong calls = new AtomicLong();
  private final PeerAddresses addresses = new PeerAddresses();
  private final RaftServer server;

  @GuardedBy("this")
  private boolean closed;

  RatisNode(
      NodeId self,
      long volumeId,
      UUID clientId,
      StateMachine stateMachine,
      RaftProperties properties,
      @Nullable NodeSecurity security,
      List<RaftPeer> peers)
      throws IOException {
    this.self = self;
    this.group = groupOf(volumeId);
    this.client = ClientId.valueOf(clientId);
    this.server =
        RaftServer.newBuilder()
            .setServerId(peerId(self))
            .setGroup(RaftGroup.valueOf(group, peers))
            .setStateMachine(stateMachine)
            .setProperties(properties)
            .setParameters(RaftGuard.parameters(self, security))
            .setOption(RaftStorage.StartupOption.RECOVER)
            .build();
  }

  /** The volume's Raft group. */
  static RaftGroupId groupOf(long volumeId) {
    return RaftGroupId.valueOf(new UUID(0x50616e646f000001L, volumeId));
  }

  static RaftPeerId peerId(NodeId node) {
    return RaftPeerId.valueOf(node.toString());
  }

  static NodeId nodeId(RaftPeerId peer) {
    return new NodeId(Long.parseLong(peer.toString().substring(1)));
  }

  static RaftPeer peer(NodeId node, String raft, String control) {
    return RaftPeer.newBuilder()
        .setId(peerId(node))
        .setAddress(raft)
        .setClientAddress(control)
        .build();
  }

  void start() throws IOException {
    server.start();
  }

  NodeId self() {
    return self;
  }

  RaftServer.Division division() throws IOException {
    return server.getDivision(group);
  }

  /** The leader as Ratis knows it; null while there is none. */
  @Nullable RaftPeer leader() {
    try {
      RaftPeerId leader = division().getInfo().getLeaderId();
      return leader == null ? null : division().getRaftConf().getPeer(leader);
    } catch (IOException | IllegalStateException e) {
      return null;
    }
  }

  /** Whether this node leads and has applied all that earlier leaders acknowledged. */
  boolean leads() {
    try {
      return division().getInfo().isLeader() && division().getInfo().isLeaderReady();
    } catch (IOException | IllegalStateException e) {
      return false;
    }
  }

  /** Raft's present term; -1 while the server does not run. */
  long term() {
    try {
      return division().getInfo().getCurrentTerm();
    } catch (IOException | IllegalStateException e) {
      return -1;
    }
  }

  /** The control address of the leader for a hint; empty when unknown or when it is this node. */
  String leaderControl() {
    RaftPeer leader = leader();
    return leader == null || leader.getId().equals(peerId(self)) ? "" : control(leader);
  }

  static String control(RaftPeer peer) {
    String address = peer.getClientAddress();
    return address == null ? "" : address;
  }

  /** Proposes an encoded entry in the calling thread; see {@link LeaderCalls#propose}. */
  CompletableFuture<LogReply> propose(byte[] entry) {
    Message message = Message.valueOf(UnsafeByteOperations.unsafeWrap(entry));
    return submit(message, RaftClientRequest.writeRequestType()).thenCompose(RatisNode::decode);
  }

  /** Completes when everything acknowledged before the call is applied here. */
  CompletableFuture<Void> linearize() {
    if (!leads()) {
      // A lone peer that has just been started answers reads before it knows what was committed.
      return CompletableFuture.failedFuture(new NoLeaderException(self + " does not lead"));
    }
    return proofOfLeading()
        .thenCompose(
            none ->
                submit(Message.EMPTY, RaftClientRequest.readRequestType(false, false, true))
                    .thenApply(reply -> null));
  }

  /** Completes when this node was the leader at some time after the call; see LeaderLease. */
  private CompletableFuture<Void> proofOfLeading() {
    try {
      return lease.isHeld(division())
          ? CompletableFuture.completedFuture(null)
          : propose(NOTHING).thenApply(reply -> null);
    } catch (IOException | IllegalStateException e) {
      return CompletableFuture.failedFuture(new IOException("Raft server not running", e));
    }
  }

  /**
   * The read index for a follower. Asked in the way that Ratis' own followers ask, since the leader
   * then tells that follower at once how far the log is committed; otherwise the follower would
   * learn it from the next heartbeat, a quarter of a second later.
   */
  CompletableFuture<Long> readIndexFor(NodeId follower) {
    if (!leads()) {
      return CompletableFuture.failedFuture(new NoLeaderException(self + " does not lead"));
    }
    return proofOfLeading().thenCompose(none -> askReadIndex(follower));
  }

  private CompletableFuture<Long> askReadIndex(NodeId follower) {
    try {
      if (!(division() instanceof RaftServerAsynchronousProtocol direct)) {
        return CompletableFuture.failedFuture(new IOException("this Ratis has no read index"));
      }
      ReadIndexRequestProto request =
          ReadIndexRequestProto.newBuilder()
              .setServerRequest(
                  RaftRpcRequestProto.newBuilder()
                      .setRequestorId(peerId(follower).toByteString())
                      .setReplyId(server.getId().toByteString())
                      .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group)))
              .setClientRequest(
                  ClientProtoUtils.toRaftClientRequestProto(
                      request(Message.EMPTY, RaftClientRequest.readRequestType()), false))
              .build();
      return direct
          .readIndexAsync(request)
          .thenCompose(
              reply ->
                  reply.getServerReply().getSuccess()
                      ? CompletableFuture.completedFuture(reply.getReadIndex())
                      : CompletableFuture.failedFuture(
                          new NoLeaderException(self + " could not confirm that it leads")));
    } catch (IOException | IllegalStateException e) {
      return CompletableFuture.failedFuture(new IOException("Raft server not running", e));
    }
  }

  private RaftClientRequest request(Message message, RaftClientRequest.Type type) {
    return RaftClientRequest.newBuilder()
        .setClientId(client)
        .setServerId(server.getId())
        .setGroupId(group)
        .setCallId(calls.incrementAndGet())
        .setMessage(message)
        .setType(type)
        .build();
  }

  private CompletableFuture<RaftClientReply> submit(Message message, RaftClientRequest.Type type) {
    try {
      RaftClientRequest request = request(message, type);
      return division() instanceof RaftClientAsynchronousProtocol direct
          ? direct.submitClientRequestAsync(request).thenCompose(RatisNode::checked)
          : server.submitClientRequestAsync(request).thenCompose(RatisNode::checked);
    } catch (IOException | IllegalStateException e) {
      return CompletableFuture.failedFuture(new IOException("Raft server not running", e));
    }
  }

  /** Makes these the voters; fails with an IOException, which may be worth another try. */
  CompletableFuture<Void> setPeers(List<RaftPeer> peers) {
    SetConfigurationRequest request =
        new SetConfigurationRequest(
            client,
            server.getId(),
            group,
            calls.incrementAndGet(),
            SetConfigurationRequest.Arguments.newBuilder().setServersInNewConf(peers).build());
    try {
      return server
          .setConfigurationAsync(request)
          .thenCompose(RatisNode::checked)
          .thenApply(reply -> null);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Hands the leadership over; fails with an IOException when the other one does not take it. */
  CompletableFuture<Void> transfer(NodeId to) {
    TransferLeadershipRequest request =
        new TransferLeadershipRequest(
            client, server.getId(), group, calls.incrementAndGet(), peerId(to), CALL_MILLIS);
    try {
      return server
          .transferLeadershipAsync(request)
          .thenCompose(RatisNode::checked)
          .thenApply(reply -> null);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Connects to a peer at this address from now on. */
  void follow(RaftPeer peer) {
    if (!peer.getId().equals(peerId(self))) {
      addresses.follow(server.getServerRpc(), peer);
    }
  }

  /** Asks for a checkpoint now. */
  CompletableFuture<Long> checkpoint() {
    return server
        .snapshotManagementAsync(
            SnapshotManagementRequest.newCreate(
                client, server.getId(), group, calls.incrementAndGet(), CALL_MILLIS))
        .thenCompose(RatisNode::checked)
        .thenApply(RaftClientReply::getLogIndex);
  }

  private static CompletableFuture<RaftClientReply> checked(RaftClientReply reply) {
    if (reply.isSuccess()) {
      return CompletableFuture.completedFuture(reply);
    }
    Throwable failure = reply.getException();
    boolean notHere =
        failure instanceof NotLeaderException
            || failure instanceof LeaderNotReadyException
            || failure instanceof LeaderSteppingDownException;
    return CompletableFuture.failedFuture(
        notHere
            ? new NoLeaderException(failure.getClass().getSimpleName())
            : new IOException("the log refused it: " + failure, failure));
  }

  private static CompletableFuture<LogReply> decode(RaftClientReply reply) {
    try {
      ByteString content = reply.getMessage().getContent();
      return CompletableFuture.completedFuture(
          LogCodec.decodeReply(content.asReadOnlyByteBuffer()));
    } catch (MalformedException e) {
      return CompletableFuture.failedFuture(new IOException("a reply makes no sense", e));
    }
  }

  /** Stops the server; the state machine is closed by it. */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    server.close();
  }
}
