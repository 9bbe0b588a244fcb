package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.log.PolicyCodec;
import io.pandofs.meta.wire.MemberMessage;
import io.pandofs.meta.wire.MembersAnswer;
import io.pandofs.meta.wire.MembersRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.protocol.RaftPeer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leader does about members at a person's request. Every step may be repeated, and each
 * takes its turn with those of {@link Membership}. A removal ends with: the node is out of the
 * tables, its freshness has run out, and it is out of the Raft group; that its blocks have homes is
 * what {@code DRAIN} and the waiting between are for. A removal that was broken off there is gone
 * on with by whoever leads. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class MemberChanges {
  private static final Logger LOG = LoggerFactory.getLogger(MemberChanges.class);

  private final RatisNode ratis;
  private final Peers peers;
  private final LiveTables tables;
  private final AppliedGate applied;
  private final Membership membership;
  private final Freshness freshness;
  private final AtomicBoolean finishing = new AtomicBoolean();

  /** Who knows until when a node may answer reads by itself. */
  interface Freshness {
    /** Completes when the node surely answers no more reads by itself, nor its kernels. */
    CompletableFuture<Void> over(NodeId node);
  }

  MemberChanges(
      RatisNode ratis,
      Peers peers,
      LiveTables tables,
      AppliedGate applied,
      Membership membership,
      Freshness freshness) {
    this.ratis = ratis;
    this.peers = peers;
    this.tables = tables;
    this.applied = applied;
    this.membership = membership;
    this.freshness = freshness;
  }

  /**
   * Does what is asked for, one after the other.
   *
   * @param from who asks; null if that is not known
   */
  CompletableFuture<MembersAnswer> handle(@Nullable NodeId from, MembersRequest request) {
    return membership.inTurn(() -> now(from, request)).thenApply(none -> answer());
  }

  /** Refuses who was a member and is none any more. */
  void requireNotLeft(@Nullable NodeId node) throws RefusedException {
    if (node == null) {
      return;
    }
    try (LocalSnapshot snapshot = tables.snapshot()) {
      if (snapshot.cluster().hasLeft(node)) {
        throw new RefusedException(node + " is no member of this cluster any more");
      }
    }
  }

  private CompletableFuture<Void> now(@Nullable NodeId from, MembersRequest request) {
    try {
      if (request.getKind() != MembersRequest.Kind.LIST) {
        requireNotLeft(from);
      }
      NodeId node = request.getNode() <= 0 ? null : new NodeId(request.getNode());
      return switch (request.getKind()) {
        case LIST -> done();
        case TRANSFER -> transfer(node == null ? best(null) : known(node));
        case CHECK_REMOVAL -> {
          checkRemoval(checked(node));
          yield done();
        }
        case DRAIN -> propose(new LogEntry.DrainNode(known(checked(node)), true));
        case KEEP -> propose(new LogEntry.DrainNode(checked(node), false));
        case REMOVE -> remove(checked(node));
        case STORE -> store(request);
        case CAPACITY -> {
          if (request.getCapacityBytes() <= 0) {
            throw new RefusedException("no capacity: " + request.getCapacityBytes());
          }
          yield propose(new LogEntry.SetCapacity(checked(node), request.getCapacityBytes()));
        }
        case MOVE -> move(known(checked(node)), request);
        case NONE, UNRECOGNIZED -> throw new RefusedException("no such change");
      };
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<Void> store(MembersRequest request) throws RefusedException {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      StoragePolicy now = snapshot.cluster().placement().policy();
      return propose(new LogEntry.SetStoragePolicy(PolicyCodec.changed(now, request.getPolicy())));
    } catch (MalformedException e) {
      throw new RefusedException("not to be stored like that: " + e.getMessage());
    }
  }

  private static CompletableFuture<Void> done() {
    return CompletableFuture.completedFuture(null);
  }

  private static NodeId checked(@Nullable NodeId node) throws RefusedException {
    if (node == null) {
      throw new RefusedException("no node is named");
    }
    return node;
  }

  private NodeId known(NodeId node) throws RefusedException {
    if (row(node) == null) {
      throw new RefusedException(node + " is not a member");
    }
    return node;
  }

  private ClusterView.@Nullable Node row(NodeId node) {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      return snapshot.cluster().node(node);
    }
  }

  /** Refuses a removal after which no majority of the voters would be alive. */
  private void checkRemoval(NodeId node) throws IOException {
    Set<NodeId> rest = new HashSet<>(ratis.votingNodes());
    boolean votes = rest.remove(node);
    if (row(node) == null && !votes) {
      throw new RefusedException(node + " is not a member");
    }
    if (rest.isEmpty()) {
      throw new RefusedException(node + " is the only voter: without it there is no cluster");
    }
    Map<NodeId, MemberMessage> heard = peers.byId();
    List<NodeId> dead = rest.stream().filter(voter -> !Peers.isAlive(heard.get(voter))).toList();
    int alive = rest.size() - dead.size();
    int majority = rest.size() / 2 + 1;
    if (alive < majority) {
      awaitHeard(dead, heard, majority - alive);
      throw new RefusedException(
          "without "
              + node
              + " only "
              + alive
              + " of "
              + rest.size()
              + " voters would be alive (not "
              + dead
              + "), which is no majority: start or remove those first");
    }
  }

  /**
   * Fails with what may be tried again while a node that was removed has still to leave the group:
   * its vote may be needed for that, and so may that of the next one to go.
   */
  private void awaitLeft() throws IOException {
    NodeId left = leftToVote();
    if (left != null) {
      throw new IOException(left + " was removed and still votes: it has to leave the group first");
    }
  }

  /** Fails with what may be tried again if so many of them may only not have answered yet. */
  private static void awaitHeard(
      Collection<NodeId> dead, Map<NodeId, MemberMessage> peers, int enough) throws IOException {
    List<NodeId> unheard = dead.stream().filter(node -> Peers.isUnheard(peers.get(node))).toList();
    if (unheard.size() >= enough) {
      throw new IOException(
          "the leader cannot say yet whether these live, which have none of its log: " + unheard);
    }
  }

  private CompletableFuture<Void> remove(NodeId node) throws IOException {
    boolean votes = ratis.votingNodes().contains(node);
    boolean isMember = row(node) != null;
    if (!isMember && !votes) {
      return ratis.withoutVoter(node); // as by an earlier try, whose change may not be committed
    }
    if (isMember) {
      awaitLeft();
    }
    checkRemoval(node);
    if (node.equals(ratis.self())) {
      // Goes on under the new leader, when it is asked again there.
      return transfer(best(node))
          .thenCompose(
              none ->
                  CompletableFuture.failedFuture(
                      new NoLeaderException(node + " has handed the leadership over")));
    }
    LOG.info("{} is removed", node);
    // An earlier try may have come as far as the entry.
    return (isMember ? propose(new LogEntry.RemoveNode(node)) : done())
        .thenCompose(none -> freshness.over(node))
        .thenCompose(none -> ratis.withoutVoter(node));
  }

  /**
   * Goes on with removals that were broken off: a voter that the tables do not have, as its entry
   * was applied and then the leader changed or the voters could not be, leaves the group. Nobody
   * else may be there to ask for it again: the node itself counts as removed. To be called now and
   * then; does one step at a time, and nothing while another node leads. Reads tables.
   */
  void finishRemovals() {
    NodeId left = ratis.leads() ? leftToVote() : null;
    if (left == null || !finishing.compareAndSet(false, true)) {
      return;
    }
    membership
        .inTurn(this::finish)
        .whenComplete(
            (none, failure) -> {
              finishing.set(false);
              if (failure != null) {
                LOG.debug("{} still votes: {}", left, failure.toString());
              }
            });
  }

  private CompletableFuture<Void> finish() {
    NodeId left = leftToVote();
    try {
      return left == null ? done() : remove(left);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** A voter that is no node of the cluster any more, this one last; null if there is none. */
  private @Nullable NodeId leftToVote() {
    Set<NodeId> left;
    try {
      left = new HashSet<>(ratis.votingNodes());
      if (left.size() == 1) {
        return null; // the first node votes before it is registered
      }
    } catch (IOException e) {
      return null; // the Raft server does not run
    }
    try (LocalSnapshot snapshot = tables.snapshot()) {
      snapshot.cluster().nodes().forEach(node -> left.remove(node.id()));
    }
    NodeId self = ratis.self();
    return left.stream()
        .filter(node -> !node.equals(self))
        .findFirst()
        .orElse(left.isEmpty() ? null : self);
  }

  private CompletableFuture<Void> move(NodeId node, MembersRequest request) throws IOException {
    ClusterView.Node row = row(node);
    if (row == null) {
      throw new RefusedException(node + " is not a member");
    }
    String control = otherwise(request.getControl(), row.control());
    String raft = otherwise(request.getRaft(), row.raft());
    String blocks = otherwise(request.getBlocks(), row.blocks());
    Addresses.parse(control);
    Addresses.parse(raft);
    Addresses.parse(blocks);
    requireFree(node, List.of(control, raft, blocks));
    LogEntry entry = new LogEntry.RegisterNode(node.value(), row.name(), control, raft, blocks);
    List<RaftPeer> peers = new ArrayList<>();
    for (RaftPeer peer : ratis.votingPeers()) {
      peers.add(
          RatisNode.nodeId(peer.getId()).equals(node) ? RatisNode.peer(node, raft, control) : peer);
    }
    return propose(entry).thenCompose(none -> ratis.setPeers(peers));
  }

  /** The log refuses it as well, without saying why. */
  private void requireFree(NodeId node, List<String> addresses) throws RefusedException {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      for (ClusterView.Node other : snapshot.cluster().nodes()) {
        for (String own : List.of(other.control(), other.raft(), other.blocks())) {
          if (!other.id().equals(node) && addresses.contains(own)) {
            throw new RefusedException(own + " is an address of " + other.id());
          }
        }
      }
    }
  }

  private static String otherwise(String given, String usual) {
    return given.isEmpty() ? usual : given;
  }

  private CompletableFuture<Void> transfer(NodeId to) throws IOException {
    if (to.equals(ratis.self())) {
      return done();
    }
    Map<NodeId, MemberMessage> heard = peers.byId();
    if (!Peers.isAlive(heard.get(to))) {
      awaitHeard(List.of(to), heard, 1);
      throw new RefusedException(to + " does not answer and cannot lead");
    }
    return ratis.transfer(to);
  }

  /** The voter, other than the leader, that is alive and has most of the log. */
  private NodeId best(@Nullable NodeId not) throws IOException {
    Map<NodeId, MemberMessage> others = peers.otherVoters();
    if (not != null) {
      others.remove(not);
    }
    Optional<MemberMessage> best = Peers.best(others.values());
    if (best.isEmpty()) {
      awaitHeard(others.keySet(), others, 1);
      throw new RefusedException("there is no other voter that could lead");
    }
    return new NodeId(best.get().getNode());
  }

  private MembersAnswer answer() {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      Placement placement = snapshot.cluster().placement();
      return MembersAnswer.newBuilder()
          .setApplied(applied.get())
          .setPlacementEpoch(placement.epoch())
          .setPolicy(PolicyCodec.encode(placement.policy()))
          .setLeader(ratis.self().value())
          .addAllMembers(peers.all())
          .addAllSettledVoters(ratis.settledVoters().stream().map(NodeId::value).toList())
          .build();
    }
  }

  private CompletableFuture<Void> propose(LogEntry entry) {
    return ratis
        .propose(LogCodec.encode(entry))
        .thenCompose(
            reply ->
                reply.status() == LogReply.Status.OK
                    ? done()
                    : CompletableFuture.failedFuture(
                        new RefusedException(
                            "the log refused it: no such node, or the last one that holds blocks")));
  }
}
