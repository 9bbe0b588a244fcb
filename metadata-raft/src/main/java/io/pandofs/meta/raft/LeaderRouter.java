package io.pandofs.meta.raft;

import io.pandofs.common.net.Connections;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.apache.ratis.protocol.RaftPeer;

/** Sends each call to whoever leads now, in-process when that is this node. */
final class LeaderRouter implements LeaderCalls {
  private final RatisNode ratis;
  private final LeaderCalls local;
  private final Connections connections;
  private final LongConsumer onReleased;

  /**
   * @param onReleased told of an index when a leader's answer says that it is released
   */
  LeaderRouter(
      RatisNode ratis, LeaderCalls local, Connections connections, LongConsumer onReleased) {
    this.ratis = ratis;
    this.local = local;
    this.connections = connections;
    this.onReleased = onReleased;
  }

  private LeaderCalls now() throws NoLeaderException, RefusedException {
    RaftPeer leader = ratis.leader();
    if (leader == null) {
      throw new NoLeaderException("no leader is known");
    }
    return leader.getId().equals(RatisNode.peerId(ratis.self()))
        ? local
        : new RemoteLeader(
            ratis.self(),
            connections.expecting(RatisNode.nodeId(leader.getId())),
            Addresses.parse(RatisNode.control(leader)),
            onReleased);
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    try {
      return now().propose(entry);
    } catch (NoLeaderException | RefusedException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      return broken(e);
    }
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    try {
      return now().readIndex();
    } catch (NoLeaderException | RefusedException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      return broken(e);
    }
  }

  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    try {
      return now().renew(request);
    } catch (NoLeaderException | RefusedException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      return broken(e);
    }
  }

  @Override
  public CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    try {
      return now().confirm(request);
    } catch (NoLeaderException | RefusedException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      return broken(e);
    }
  }

  /**
   * A part that is being closed: who asked tries again or gives up. Thrown at them, it would leave
   * a batch half sent or a read barrier asking for ever.
   */
  private static <T> CompletableFuture<T> broken(RuntimeException e) {
    return CompletableFuture.failedFuture(new IOException("the leader can't be asked: " + e, e));
  }
}
