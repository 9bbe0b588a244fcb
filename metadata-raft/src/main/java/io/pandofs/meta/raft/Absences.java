package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.MemberMessage;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leader does about nodes that are away for long: their placement groups are given to
 * others, if enough of them are there to hold every copy; and a node that is there again, and has
 * caught up with the log, holds its share again. One step at a time. How long a node has been
 * silent is what this leader has seen: after an election it counts anew. Nothing is done while
 * another node leads. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the chain ends in a handler of success and failure
final class Absences {
  private static final Logger LOG = LoggerFactory.getLogger(Absences.class);

  /** So many entries behind a node counts as caught up: it has them in a moment. */
  private static final long BEHIND_MAX = 1000;

  private final RatisNode ratis;
  private final LiveTables tables;
  private final Supplier<List<MemberMessage>> peers;
  private final long outAfterMillis;
  private final AtomicBoolean busy = new AtomicBoolean();

  /**
   * @param peers what the leader knows of all, itself included; see {@link Peers}
   * @param outAfterMillis the silence after which a node's groups are given to others; 0 for never
   */
  Absences(
      RatisNode ratis,
      LiveTables tables,
      Supplier<List<MemberMessage>> peers,
      long outAfterMillis) {
    this.ratis = ratis;
    this.tables = tables;
    this.peers = peers;
    this.outAfterMillis = outAfterMillis;
  }

  /** Does what is due. Reads tables; to be called now and then. */
  void look() {
    if (!ratis.leads()) {
      return;
    }
    LogEntry.OutNode due = due();
    if (due == null || !busy.compareAndSet(false, true)) {
      return;
    }
    ratis
        .propose(LogCodec.encode(due))
        .whenComplete(
            (reply, failure) -> {
              busy.set(false);
              if (failure != null) {
                LOG.debug("{} is proposed again: {}", due, failure.toString());
              } else if (reply.status() == LogReply.Status.OK) {
                tell(due);
              }
            });
  }

  private void tell(LogEntry.OutNode done) {
    if (done.out()) {
      LOG.warn(
          "{} has been silent for {} s: others hold its blocks from now on",
          done.node(),
          outAfterMillis / 1000);
    } else {
      LOG.info("{} is back, and holds its share of the blocks again", done.node());
    }
  }

  private LogEntry.@Nullable OutNode due() {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      ClusterView cluster = snapshot.cluster();
      int copies = cluster.placement().policy().copies();
      return due(cluster.nodes(), copies, peers.get(), outAfterMillis);
    }
  }

  /** The next step for these members; null if there is nothing to do. */
  static LogEntry.@Nullable OutNode due(
      List<ClusterView.Node> nodes, int copies, List<MemberMessage> peers, long outAfterMillis) {
    Map<NodeId, MemberMessage> heard =
        peers.stream()
            .collect(Collectors.toMap(peer -> new NodeId(peer.getNode()), Function.identity()));
    List<NodeId> holders =
        nodes.stream()
            .filter(node -> node.holds() && Peers.isAlive(heard.get(node.id())))
            .map(ClusterView.Node::id)
            .toList();
    long newest = peers.stream().mapToLong(MemberMessage::getMatched).max().orElse(0);
    for (ClusterView.Node node : nodes) {
      MemberMessage peer = heard.get(node.id());
      if (peer == null) {
        continue;
      }
      boolean back = Peers.isAlive(peer) && newest - peer.getMatched() <= BEHIND_MAX;
      boolean gone = outAfterMillis > 0 && peer.getSilentMillis() > outAfterMillis;
      if (node.out() ? back : node.holds() && gone && takers(node, holders) >= copies) {
        return new LogEntry.OutNode(node.id(), !node.out());
      }
    }
    return null;
  }

  private static long takers(ClusterView.Node without, List<NodeId> holders) {
    return holders.stream().filter(holder -> !holder.equals(without.id())).count();
  }
}
