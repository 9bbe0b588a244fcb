package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.common.net.ConnectionRefusedException;
import io.pandofs.common.net.Connections;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.apache.ratis.protocol.RaftPeer;

/** Sends each call to whoever leads now, in-process when that is this node. */
final class LeaderRouter implements LeaderCalls {
  private final RatisNode ratis;
  private final LeaderCalls local;
  private final Connections connections;
  private final LongConsumer onReleased;
  private final Gone onGone;

  /** Is told of a leader at whose address nobody listens, and of the term in which it was asked. */
  @FunctionalInterface
  interface Gone {
    void gone(NodeId leader, long term);
  }

  /**
   * @param onReleased told of an index when a leader's answer says that it is released
   */
  LeaderRouter(
      RatisNode ratis,
      LeaderCalls local,
      Connections connections,
      LongConsumer onReleased,
      Gone onGone) {
    this.ratis = ratis;
    this.local = local;
    this.connections = connections;
    this.onReleased = onReleased;
    this.onGone = onGone;
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    return ask(leader -> leader.propose(entry));
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    return ask(LeaderCalls::readIndex);
  }

  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    return ask(leader -> leader.renew(request));
  }

  @Override
  public CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    return ask(leader -> leader.confirm(request));
  }

  private <T> CompletableFuture<T> ask(Function<LeaderCalls, CompletableFuture<T>> call) {
    long term = ratis.term();
    RaftPeer leader = ratis.leader();
    if (leader == null) {
      return CompletableFuture.failedFuture(new NoLeaderException("no leader is known"));
    }
    NodeId node = RatisNode.nodeId(leader.getId());
    try {
      return node.equals(ratis.self())
          ? call.apply(local)
          : watch(node, term, call.apply(remote(leader)));
    } catch (RefusedException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      // A part that is being closed: who asked tries again or gives up. Thrown at them, it would
      // leave a batch half sent or a read barrier asking for ever.
      return CompletableFuture.failedFuture(new IOException("the leader can't be asked: " + e, e));
    }
  }

  private LeaderCalls remote(RaftPeer leader) throws RefusedException {
    return new RemoteLeader(
        ratis.self(),
        connections.expecting(RatisNode.nodeId(leader.getId())),
        Addresses.parse(RatisNode.control(leader)),
        onReleased);
  }

  private <T> CompletableFuture<T> watch(NodeId leader, long term, CompletableFuture<T> answer) {
    return answer.whenComplete(
        (value, failure) -> {
          if (failure != null && Retry.cause(failure) instanceof ConnectionRefusedException) {
            onGone.gone(leader, term);
          }
        });
  }
}
