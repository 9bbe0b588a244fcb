package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
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
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's Ratis server and the one group it serves, spoken to in-process. Thread-safe.
 *
 * <p>Requests go straight to the group's division: the server's own entrance hands each to a pool
 * of threads, where two batches of one session could change places.
 */
final class RatisNode implements AutoCloseable, LogStall.Log {
  private static final Logger LOG = LoggerFactory.getLogger(RatisNode.class);
  private static final long CALL_MILLIS = 5_000;

  /** An entry that changes nothing. */
  private static final byte[] NOTHING = LogCodec.encode(new LogEntry.Reap(List.of(), 0));

  private final NodeId self;
  private final RaftGroupId group;
  private final ClientId client;
  private final LeaderState leaderState = new LeaderState();
  private final AtomicLong calls = new AtomicLong();
  private final PeerAddresses addresses = new PeerAddresses();
  private final RaftServer server;

  @GuardedBy("this")
  private boolean closed;

  RatisNode(
      NodeId self,
      RaftGroupId group,
      UUID clientId,
      StateMachine stateMachine,
      RaftProperties properties,
      @Nullable NodeSecurity security,
      List<RaftPeer> peers)
      throws IOException {
    this.self = self;
    this.group = group;
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
    List<Set<NodeId>> groups = voters();
    long within = groups.stream().filter(group -> group.contains(self)).count();
    if (within > 0 && within < groups.size()) {
      leaderState.startVoter(division());
    }
  }

  /** Whether the last change of voters, decided or not, leaves this node out that voted before. */
  boolean isBeingLeftOut() {
    List<Set<NodeId>> groups = voters();
    return groups.size() == 2 && !groups.get(0).contains(self) && groups.get(1).contains(self);
  }

  /** Whether this node stands for election when it hears of no leader; it votes in any case. */
  void setStands(boolean stands) {
    try {
      leaderState.setStands(division(), stands);
    } catch (IOException | IllegalStateException e) {
      LOG.debug("{}: the Raft server does not run: {}", self, e.toString());
    }
  }

  /** The voters; none while a change of them is under way here, or the last is not committed. */
  Set<NodeId> settledVoters() {
    try {
      RaftConfiguration now = division().getRaftConf();
      boolean settled =
          now.getPreviousPeers().isEmpty()
              && now.getLogEntryIndex() <= division().getRaftLog().getLastCommittedIndex();
      return settled ? ids(now.getCurrentPeers()) : Set.of();
    } catch (IOException | IllegalStateException e) {
      return Set.of();
    }
  }

  /** The voters, those that a change leaves out included, but for this node. */
  List<RaftPeer> otherPeers() {
    try {
      return division().getRaftConf().getAllPeers().stream()
          .filter(peer -> !peer.getId().equals(peerId(self)))
          .toList();
    } catch (IOException | IllegalStateException e) {
      return List.of();
    }
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

  @Override
  public boolean isLeader() {
    try {
      return division().getInfo().isLeader();
    } catch (IOException | IllegalStateException e) {
      return false;
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

  /**
   * Proposes an encoded entry in the calling thread. Answers once it is applied here, which is
   * before anybody may be told; see {@link Releases}.
   */
  CompletableFuture<LogReply> propose(byte[] entry) {
    return proposeAt(entry).thenApply(Proposed::reply);
  }

  /** An entry's reply and its place in the log. */
  record Proposed(LogReply reply, long index) {}

  /** As {@link #propose}. */
  CompletableFuture<Proposed> proposeAt(byte[] entry) {
    Message message = Message.valueOf(UnsafeByteOperations.unsafeWrap(entry));
    return submit(message).thenCompose(RatisNode::decode);
  }

  /** Has an entry committed that changes nothing: this node led at some time after the call. */
  CompletableFuture<Void> proveLeading() {
    return propose(NOTHING).thenApply(reply -> null);
  }

  /** Tells followers how far the log is committed; see {@link LeaderState}. */
  void tellCommitted(Set<NodeId> followers) {
    try {
      leaderState.tellCommitted(
          division(), followers.stream().map(RatisNode::peerId).collect(Collectors.toSet()));
    } catch (IOException | IllegalStateException e) {
      LOG.debug("{}: nobody is told: {}", self, e.toString());
    }
  }

  /** Whose majority elects leaders: one set, or two while the membership changes. */
  List<Set<NodeId>> voters() {
    try {
      RaftConfiguration now = division().getRaftConf();
      Set<NodeId> current = ids(now.getCurrentPeers());
      Set<NodeId> previous = ids(now.getPreviousPeers());
      return previous.isEmpty() ? List.of(current) : List.of(current, previous);
    } catch (IOException | IllegalStateException e) {
      return List.of();
    }
  }

  /** The voters; of the newer set while the membership changes. */
  List<RaftPeer> votingPeers() throws IOException {
    return List.copyOf(division().getRaftConf().getCurrentPeers());
  }

  /** The ids of {@link #votingPeers}. */
  Set<NodeId> votingNodes() throws IOException {
    return ids(votingPeers());
  }

  private static Set<NodeId> ids(Collection<RaftPeer> peers) {
    return peers.stream().map(peer -> nodeId(peer.getId())).collect(Collectors.toSet());
  }

  /** The last index in this node's log; -1 while the server does not run. */
  @Override
  public long lastIndex() {
    try {
      return division().getRaftLog().getNextIndex() - 1;
    } catch (IOException | IllegalStateException e) {
      return -1;
    }
  }

  /** The last index that this node has on its disk; -1 while the server does not run. */
  @Override
  public long syncedIndex() {
    try {
      return division().getRaftLog().getFlushIndex();
    } catch (IOException | IllegalStateException e) {
      return -1;
    }
  }

  private RaftClientRequest write(Message message) {
    return RaftClientRequest.newBuilder()
        .setClientId(client)
        .setServerId(server.getId())
        .setGroupId(group)
        .setCallId(calls.incrementAndGet())
        .setMessage(message)
        .setType(RaftClientRequest.writeRequestType())
        .build();
  }

  private CompletableFuture<RaftClientReply> submit(Message message) {
    try {
      RaftClientRequest request = write(message);
      return division() instanceof RaftClientAsynchronousProtocol direct
          ? direct.submitClientRequestAsync(request).thenCompose(RatisNode::checked)
          : server.submitClientRequestAsync(request).thenCompose(RatisNode::checked);
    } catch (IOException | IllegalStateException e) {
      return CompletableFuture.failedFuture(new IOException("Raft server not running", e));
    }
  }

  /**
   * Makes these the voters, of which one may be new, or one gone, and no more: a new leader of
   * Ratis puts the new voters alone in the place of a change that is not decided, which is safe
   * only if each majority of the old ones meets each of the new. Fails with RefusedException if
   * there is more, or with another IOException, which may be worth another try.
   */
  CompletableFuture<Void> setPeers(List<RaftPeer> peers) {
    try {
      refuseMoreThanOne(votingNodes(), ids(peers));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
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

  private static void refuseMoreThanOne(Set<NodeId> now, Set<NodeId> then) throws IOException {
    Set<NodeId> changed = new HashSet<>(now);
    changed.removeAll(then);
    then.stream().filter(node -> !now.contains(node)).forEach(changed::add);
    if (changed.size() > 1) {
      throw new RefusedException(
          "the voters " + now + " can become " + then + " only one node at a time");
    }
  }

  /**
   * Makes the others of the voters the voters; as {@link #setPeers}. If it is none of them by now,
   * Ratis refuses while the change that left it out is not committed.
   */
  CompletableFuture<Void> withoutVoter(NodeId gone) {
    try {
      List<RaftPeer> rest = new ArrayList<>(votingPeers());
      rest.removeIf(peer -> nodeId(peer.getId()).equals(gone));
      return setPeers(rest);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Hands the leadership over; fails with an IOException when the other one does not take it. */
  CompletableFuture<Void> transfer(NodeId to) {
    return lead(peerId(to));
  }

  /**
   * Leads no more, whoever will; fails with an IOException when this node does not lead. Unlike
   * {@link #transfer} it needs nothing to be committed before.
   */
  CompletableFuture<Void> stepDown() {
    return lead(null);
  }

  private CompletableFuture<Void> lead(@Nullable RaftPeerId to) {
    TransferLeadershipRequest request =
        new TransferLeadershipRequest(
            client, server.getId(), group, calls.incrementAndGet(), to, CALL_MILLIS);
    try {
      return server
          .transferLeadershipAsync(request)
          .thenCompose(RatisNode::checked)
          .thenApply(reply -> null);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Stands for election at once, as when the leader hands over to this node. Writes to the disk.
   *
   * @return false if this node follows another leader than this by now, or can't win
   */
  boolean stand(NodeId insteadOf) {
    try {
      TermIndex last = division().getRaftLog().getLastEntryTermIndex();
      return last != null
          && server
              .startLeaderElection(
                  StartLeaderElectionRequestProto.newBuilder()
                      .setServerRequest(
                          RaftRpcRequestProto.newBuilder()
                              .setRequestorId(peerId(insteadOf).toByteString())
                              .setReplyId(server.getId().toByteString())
                              .setRaftGroupId(
                                  RaftGroupIdProto.newBuilder().setId(group.toByteString())))
                      .setLeaderLastEntry(last.toProto())
                      .build())
              .getServerReply()
              .getSuccess();
    } catch (IOException | IllegalStateException e) {
      LOG.debug("{}: does not stand: {}", self, e.toString());
      return false;
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

  private static CompletableFuture<Proposed> decode(RaftClientReply reply) {
    try {
      ByteString content = reply.getMessage().getContent();
      return CompletableFuture.completedFuture(
          new Proposed(LogCodec.decodeReply(content.asReadOnlyByteBuffer()), reply.getLogIndex()));
    } catch (MalformedException e) {
      return CompletableFuture.failedFuture(new IOException("a reply makes no sense", e));
    }
  }

  /** Whether {@link #close} was called; Ratis may have stopped the server by itself otherwise. */
  synchronized boolean isClosed() {
    return closed;
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
