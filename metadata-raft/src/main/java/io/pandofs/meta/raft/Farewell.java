package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.meta.wire.MembersAnswer;
import io.pandofs.meta.wire.MembersRequest;
import java.time.Duration;
import org.apache.ratis.protocol.RaftPeer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a voter goes that the cluster has removed. The change of voters comes after the entry that
 * removes it, and where two voters become one that change, and an election until it is decided,
 * need its vote. So it votes until a leader says that the voters are settled without it: not until
 * time has passed, nor until the change is in its own log, where it may be undecided for ever.
 *
 * <p>While the last change in its log leaves it out it does not stand for election: Ratis ends a
 * server that does. Before that it stands like any other, as its log may be the longest; the leader
 * that it becomes hands over and goes on with the removal.
 *
 * <p>One case is beyond mending here: the change is on this node's disk and on no other's that is
 * alive. Then it votes for none of those, as its log is longer, and does not stand. It lasts until
 * the leader that made the change is back. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the chain ends in a handler of success and failure
final class Farewell {
  private static final Logger LOG = LoggerFactory.getLogger(Farewell.class);
  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final MembersRequest LIST =
      MembersRequest.newBuilder().setKind(MembersRequest.Kind.LIST).build();

  private final RatisNode ratis;
  private final Connections connections;
  private final Runnable onGone;

  /**
   * @param onGone told when the group goes on without this node; may be told again
   */
  Farewell(RatisNode ratis, Connections connections, Runnable onGone) {
    this.ratis = ratis;
    this.connections = connections;
    this.onGone = onGone;
  }

  /** To be called several times within the shortest election time-out. */
  void hold() {
    ratis.setStands(!ratis.isBeingLeftOut());
  }

  /** Asks all others; who leads answers. To be called now and then; does not wait. */
  void ask() {
    for (RaftPeer peer : ratis.otherPeers()) {
      ClusterAdmin.ask(connections, peer, LIST, DEADLINE)
          .whenComplete(
              (answer, failure) -> {
                if (failure != null) {
                  LOG.debug("{} does not say who votes: {}", peer.getId(), failure.toString());
                } else if (goesOnWithout(ratis.self(), answer)) {
                  onGone.run();
                }
              });
    }
  }

  /**
   * Whether the voters are settled without a node. Once they are that is so for ever, as ids are
   * not used again; of a leader that knows no voters just now it says nothing.
   */
  static boolean goesOnWithout(NodeId node, MembersAnswer answer) {
    return answer.getSettledVotersCount() > 0
        && !answer.getSettledVotersList().contains(node.value());
  }
}
