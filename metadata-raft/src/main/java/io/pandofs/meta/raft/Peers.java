package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.wire.MemberMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this node, as the leader, knows of each of the Raft group. Thread-safe. */
final class Peers {
  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  /**
   * A peer that has not answered for so long counts as dead; so does one that has none of this
   * leader's log yet: of one that never answered Ratis says at first that it did just before.
   */
  static final long DEAD_MILLIS = 3_000;

  private final RatisNode ratis;

  Peers(RatisNode ratis) {
    this.ratis = ratis;
  }

  /** All of them, this node included; empty while it does not lead. */
  List<MemberMessage> all() {
    List<MemberMessage> peers = new ArrayList<>();
    try {
      RaftServer.Division division = ratis.division();
      List<ServerRpcProto> followers =
          division.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList();
      long[] matched = division.getInfo().getFollowerMatchIndices();
      for (int i = 0; i < followers.size(); i++) {
        ServerRpcProto follower = followers.get(i);
        NodeId id =
            new NodeId(Long.parseLong(follower.getId().getId().toStringUtf8().substring(1)));
        peers.add(
            MemberMessage.newBuilder()
                .setNode(id.value())
                .setVoter(isVoter(division, id))
                .setSilentMillis(Math.max(0, follower.getLastRpcElapsedTimeMs()))
                .setMatched(i < matched.length ? Math.max(0, matched[i]) : 0)
                .setHeard(i < matched.length && matched[i] >= 0)
                .build());
      }
      peers.add(
          MemberMessage.newBuilder()
              .setNode(ratis.self().value())
              .setVoter(true)
              .setHeard(true)
              .setMatched(Math.max(0, division.getRaftLog().getLastEntryTermIndex().getIndex()))
              .build());
    } catch (IOException | IllegalStateException | NullPointerException e) {
      LOG.debug("no longer leading: {}", e.toString());
    }
    return peers;
  }

  private static boolean isVoter(RaftServer.Division division, NodeId id) {
    return division.getRaftConf().getPeer(RatisNode.peerId(id), RaftPeerRole.FOLLOWER) != null;
  }

  /** As {@link #all}. */
  Map<NodeId, MemberMessage> byId() {
    Map<NodeId, MemberMessage> peers = new HashMap<>();
    for (MemberMessage peer : all()) {
      peers.put(new NodeId(peer.getNode()), peer);
    }
    return peers;
  }

  /** The voters but for this node; empty while it does not lead. */
  Map<NodeId, MemberMessage> otherVoters() {
    Map<NodeId, MemberMessage> others = byId();
    others.remove(ratis.self());
    others.values().removeIf(peer -> !peer.getVoter());
    return others;
  }

  /** The last index that could be committed without this node; -1 for none. */
  long othersHave() {
    return without(otherVoters().values());
  }

  /** The last index that a majority of these and one more voter has among these; -1 for none. */
  static long without(Collection<MemberMessage> others) {
    List<Long> matched =
        others.stream()
            .filter(MemberMessage::getHeard)
            .map(MemberMessage::getMatched)
            .sorted(Comparator.reverseOrder())
            .toList();
    int majority = (others.size() + 1) / 2 + 1;
    return matched.size() < majority ? -1 : matched.get(majority - 1);
  }

  /** Who could lead without this node being waited for any more, if it is now. */
  static Optional<MemberMessage> quicker(Collection<MemberMessage> others, long synced) {
    long enough = without(others);
    return enough > synced
        ? best(others.stream().filter(peer -> peer.getMatched() >= enough).toList())
        : Optional.empty();
  }

  /** Who of them is alive and has most of the log. */
  static Optional<MemberMessage> best(Collection<MemberMessage> peers) {
    return peers.stream()
        .filter(Peers::isAlive)
        .max(Comparator.comparingLong(MemberMessage::getMatched));
  }

  /** Whether it has some of this leader's log, and has answered lately. */
  static boolean isAlive(@Nullable MemberMessage peer) {
    return peer != null && peer.getHeard() && peer.getSilentMillis() <= DEAD_MILLIS;
  }

  /** Whether nothing can be said of it: the leader is new, or has to send it a checkpoint. */
  static boolean isUnheard(@Nullable MemberMessage peer) {
    return peer != null && !peer.getHeard() && peer.getSilentMillis() <= DEAD_MILLIS;
  }
}
