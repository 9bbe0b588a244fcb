package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.wire.MemberMessage;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has another node lead when this one's log comes to its disk late, or not at all. First a voter
 * that has more of the log is asked, which makes for the shortest time without a leader; but Ratis
 * refuses that to a leader whose first entry, or whose last change of voters, is not decided, and
 * neither can be without this disk. Then the leader steps down, and does not stand for election
 * until its disk has written again. Takes no turn with changes of members: a turn waits for an
 * entry, which this leader cannot commit. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the chain ends in a handler of success and failure
final class HandOver implements LogStall.Remedy {
  private static final Logger LOG = LoggerFactory.getLogger(HandOver.class);

  private final RatisNode ratis;
  private final Peers peers;
  private final Executor executor;

  /**
   * @param executor for what may wait for Ratis' lock
   */
  HandOver(RatisNode ratis, Peers peers, Executor executor) {
    this.ratis = ratis;
    this.peers = peers;
    this.executor = executor;
  }

  @Override
  public void handOver(long synced) {
    executor.execute(() -> ifStillThere(synced, this::askAnother));
  }

  @Override
  public void stepDown(long synced) {
    executor.execute(() -> ifStillThere(synced, this::stepDownNow));
  }

  /** The others need not wait for this node's disk, if one of them leads. */
  void handOverFromSlowDisk() {
    executor.execute(this::askQuicker);
  }

  @Override
  public void over() {
    executor.execute(() -> ratis.setStands(true));
  }

  /** It may have waited long for its turn, and the disk be well again by now. */
  private void ifStillThere(long synced, Runnable step) {
    if (ratis.isLeader() && ratis.syncedIndex() == synced && synced < ratis.lastIndex()) {
      step.run();
    }
  }

  private void askAnother() {
    Optional<MemberMessage> best = Peers.best(peers.otherVoters().values());
    if (best.isEmpty() || best.get().getMatched() <= ratis.syncedIndex()) {
      LOG.warn("{}: the log's disk hangs, and no other voter has more of it", ratis.self());
      return;
    }
    NodeId to = new NodeId(best.get().getNode());
    LOG.warn("{}: the log's disk hangs: {} is to lead", ratis.self(), to);
    tell(ratis.transfer(to));
  }

  /** It may have waited for its turn, and the disk be well, or another lead, by now. */
  private void askQuicker() {
    Optional<MemberMessage> quicker =
        Peers.quicker(peers.otherVoters().values(), ratis.syncedIndex());
    if (ratis.isLeader() && quicker.isPresent()) {
      NodeId to = new NodeId(quicker.get().getNode());
      LOG.warn("{}: the log's disk is slower than others': {} is to lead", ratis.self(), to);
      tell(ratis.transfer(to));
    }
  }

  private void stepDownNow() {
    Map<NodeId, MemberMessage> others = peers.otherVoters();
    if (others.isEmpty()) {
      return; // nobody else could lead
    }
    LOG.warn("{}: the log's disk still hangs: one of {} is to lead", ratis.self(), others.keySet());
    ratis.setStands(false);
    tell(ratis.stepDown());
  }

  private void tell(CompletableFuture<Void> step) {
    step.whenComplete(
        (none, failure) -> {
          if (failure != null) {
            LOG.warn("{}: nobody else leads yet: {}", ratis.self(), failure.toString());
          }
        });
  }
}
