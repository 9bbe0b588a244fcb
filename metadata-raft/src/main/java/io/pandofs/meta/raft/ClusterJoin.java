package io.pandofs.meta.raft;

import com.google.protobuf.MessageLite;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.StrangerException;
import io.pandofs.common.time.Clock;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
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

  private final Clock clock;
  private final ScheduledExecutorService scheduler;
  private final Connections connections;

  ClusterJoin(Clock clock, ScheduledExecutorService scheduler, Connections connections) {
    this.clock = clock;
    this.scheduler = scheduler;
    this.connections = connections;
  }

  /**
   * Gets an id from the cluster.
   *
   * @param request but for the clock, which is read anew for each try
   */
  JoinAnswer register(String seed, JoinRequest request, Duration patience) throws IOException {
    JoinAnswer answer =
        ask(
            List.of(seed),
            patience,
            ControlMethods.JOIN,
            () -> timed(request),
            REGISTER_DEADLINE,
            payload -> ControlCodec.header(payload, JoinAnswer.parser()),
            JoinAnswer::getAnswer);
    LOG.info(
        "Registered as n{} of volume {}", answer.getNode(), Long.toHexString(answer.getVolume()));
    return answer;
  }

  /** Who the new node is by the cluster's answer. */
  static Identity identity(JoinAnswer answer, long incarnation) {
    return new Identity(
        answer.getVolume(),
        new NodeId(answer.getNode()),
        incarnation,
        answer.getClusterEpoch(),
        Identity.Stage.JOINING,
        answer.getMembersList());
  }

  private JoinRequest timed(JoinRequest request) {
    return request.toBuilder().setWallMillis(LeaderDuties.millis(clock.now())).build();
  }

  /** What a node asks with that shows nothing. */
  static JoinRequest.Builder request(ReplicaConfig config) {
    return JoinRequest.newBuilder()
        .setName(config.name())
        .setControl(config.controlAdvertised())
        .setRaft(config.raftAdvertised())
        .setBlocks(config.blocksAdvertised())
        .setFormatVersion(Identity.FORMAT);
  }

  /** Becomes a voter and catches up; answers the authority's key, if nodes have certificates. */
  byte[] promote(RunningReplica replica, Duration patience) throws IOException {
    PromoteRequest request =
        PromoteRequest.newBuilder()
            .setNode(replica.identity().node().value())
            .setVolume(replica.identity().volumeId())
            .build();
    PromoteAnswer promoted =
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
    return promoted.getAuthorityKey().toByteArray();
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
    long end = clock.nanoTime() + patience.toNanos();
    Set<String> worthAsking = new LinkedHashSet<>(contacts);
    Deque<String> next = new ArrayDeque<>(worthAsking);
    Retry retry = new Retry(clock, scheduler, new LeaderEvents());
    long pause = Retry.PAUSE_MIN_MILLIS;
    String trouble = "no member is known";
    while (!next.isEmpty() && clock.nanoTime() - end < 0) {
      String contact = next.remove();
      try {
        A answer =
            get(
                RemoteLeader.call(
                    connections,
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
        trouble = contact + ": " + e.getMessage();
        LOG.debug("Not yet: {}", trouble);
        if (e.getCause() instanceof StrangerException) {
          worthAsking.remove(contact);
        }
      }
      if (next.isEmpty()) {
        next.addAll(worthAsking);
      }
      if (next.isEmpty()) {
        break;
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
