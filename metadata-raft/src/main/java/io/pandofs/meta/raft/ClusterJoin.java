package io.pandofs.meta.raft;

import com.google.protobuf.MessageLite;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.wire.ControlAnswer;
import io.pandofs.meta.wire.JoinAnswer;
import io.pandofs.meta.wire.JoinRequest;
import io.pandofs.meta.wire.PromoteAnswer;
import io.pandofs.meta.wire.PromoteRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newcomer's side of a join; see {@link Membership}. Asks any member, follows hints to the
 * leader, and tries again until its patience is over. Blocks its caller.
 */
final class ClusterJoin {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterJoin.class);
  private static final Duration REGISTER_DEADLINE = Duration.ofSeconds(10);
  private static final Duration PROMOTE_DEADLINE = Duration.ofSeconds(60);

  private final ReplicaConfig config;
  private final Surroundings surroundings;

  ClusterJoin(ReplicaConfig config, Surroundings surroundings) {
    this.config = config;
    this.surroundings = surroundings;
  }

  /** Gets an id from the cluster. */
  Identity register(String seed, long nonce, Duration patience) throws IOException {
    JoinAnswer answer =
        ask(
            List.of(seed),
            patience,
            ControlMethods.JOIN,
            () -> request(nonce),
            REGISTER_DEADLINE,
            payload -> ControlCodec.header(payload, JoinAnswer.parser()),
            JoinAnswer::getAnswer);
    LOG.info(
        "Registered as n{} of volume {}", answer.getNode(), Long.toHexString(answer.getVolume()));
    return new Identity(
        answer.getVolume(),
        new NodeId(answer.getNode()),
        surroundings.random().nextLong(),
        answer.getClusterEpoch(),
        Identity.Stage.JOINING,
        answer.getMembersList());
  }

  private JoinRequest request(long nonce) {
    return JoinRequest.newBuilder()
        .setNonce(nonce)
        .setToken(config.joinToken())
        .setName(config.name())
        .setControl(config.controlAdvertised())
        .setRaft(config.raftAdvertised())
        .setBlocks(config.blocksAdvertised())
        .setWallMillis(LeaderDuties.millis(surroundings.clock().now()))
        .setFormatVersion(Identity.FORMAT)
        .build();
  }

  /** Becomes a voter and catches up. */
  void promote(RunningReplica replica, Duration patience) throws IOException {
    PromoteRequest request =
        PromoteRequest.newBuilder()
            .setNode(replica.identity().node().value())
            .setVolume(replica.identity().volumeId())
            .build();
    ask(
        replica.identity().contacts(),
        patience,
        ControlMethods.PROMOTE,
        () -> request,
        PROMOTE_DEADLINE,
        payload -> ControlCodec.header(payload, PromoteAnswer.parser()),
        PromoteAnswer::getAnswer);
    try (MetadataView view = replica.openView(patience)) {
      LOG.info("{}: is a member, caught up to {}", replica.identity().node(), view.index());
    } catch (ErrnoException e) {
      throw new IOException("a member, but not caught up: " + e.getMessage(), e);
    }
  }

  /** Makes a request anew for each try. */
  private interface Asking {
    MessageLite request();
  }

  private interface Verdict<A> {
    ControlAnswer of(A answer);
  }

  private <A> A ask(
      Collection<String> contacts,
      Duration patience,
      int method,
      Asking asking,
      Duration deadline,
      RemoteLeader.Reading<A> reading,
      Verdict<A> verdict)
      throws IOException {
    long end = surroundings.clock().nanoTime() + patience.toNanos();
    Deque<String> next = new ArrayDeque<>(contacts);
    Retry retry = new Retry(surroundings.clock(), surroundings.scheduler(), new LeaderEvents());
    long pause = Retry.PAUSE_MIN_MILLIS;
    String trouble = "no member is known";
    while (!next.isEmpty() && surroundings.clock().nanoTime() - end < 0) {
      String contact = next.remove();
      try {
        A answer =
            get(
                RemoteLeader.call(
                    surroundings.connections(),
                    Addresses.parse(contact),
                    method,
                    ControlCodec.payload(asking.request()),
                    deadline,
                    reading),
                deadline);
        ControlAnswer how = verdict.of(answer);
        if (!how.getLeaderControl().isEmpty()) {
          next.addFirst(how.getLeaderControl());
        }
        ControlCodec.check(how);
        return answer;
      } catch (RefusedException e) {
        throw e;
      } catch (IOException e) {
        trouble = contact + ": " + (e instanceof RemoteException ? e.getMessage() : e.toString());
        LOG.debug("Not yet: {}", trouble);
      }
      if (next.isEmpty()) {
        next.addAll(contacts);
      }
      get(retry.pause(pause, new CompletableFuture<>()), deadline);
      pause = Math.min(2 * pause, Retry.PAUSE_MAX_MILLIS);
    }
    throw new IOException("could not join the cluster: " + trouble);
  }

  static <T> T get(CompletableFuture<T> future, Duration patience) throws IOException {
    try {
      return future.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      Throwable cause = Retry.cause(e);
      if (cause instanceof RefusedException refused) {
        throw refused;
      }
      throw new IOException(String.valueOf(cause.getMessage()), cause);
    } catch (TimeoutException e) {
      throw new IOException("no answer in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
