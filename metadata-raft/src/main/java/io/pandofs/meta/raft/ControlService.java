package io.pandofs.meta.raft;

import com.google.protobuf.MessageLite;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.ControlAnswer;
import io.pandofs.meta.wire.JoinAnswer;
import io.pandofs.meta.wire.JoinRequest;
import io.pandofs.meta.wire.MembersAnswer;
import io.pandofs.meta.wire.MembersRequest;
import io.pandofs.meta.wire.PromoteAnswer;
import io.pandofs.meta.wire.PromoteRequest;
import io.pandofs.meta.wire.ReadIndexAnswer;
import io.pandofs.meta.wire.ReadIndexRequest;
import io.pandofs.meta.wire.RecallAnswer;
import io.pandofs.meta.wire.RecallRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.WhoAnswer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers other nodes' calls to the leader. Whoever does not lead says so and hints at who does.
 * What came in is checked before it goes into the log: an entry that does not decode, or of a kind
 * that only the leader itself may propose, is refused. Thread-safe.
 */
final class ControlService implements Service {
  private static final Logger LOG = LoggerFactory.getLogger(ControlService.class);

  private final LimitedLog refusals = new LimitedLog(LOG, new SystemClock());
  private final RatisNode ratis;
  private final LeaderCalls local;
  private final LeaderFreshness freshness;
  private final LongSupplier released;
  private final Membership membership;
  private final Identity identity;
  private final MemberChanges changes;
  private final LeaderDuties duties;
  private final Recalls recalls;
  private final SessionNodes sessionNodes;
  private final Executor inOrder;
  private final Executor renewals;

  /**
   * @param released what this node knows to be released
   * @param inOrder one thread: proposals of one connection stay in order
   * @param renewals where renewals are not behind proposals: these may wait for the log's disk, and
   *     the sessions of nodes that renew in time would be expired
   */
  ControlService(
      RatisNode ratis,
      LeaderCalls local,
      LeaderFreshness freshness,
      LongSupplier released,
      Membership membership,
      MemberChanges changes,
      LeaderDuties duties,
      Recalls recalls,
      SessionNodes sessionNodes,
      Identity identity,
      Executor inOrder,
      Executor renewals) {
    this.ratis = ratis;
    this.local = local;
    this.freshness = freshness;
    this.released = released;
    this.membership = membership;
    this.identity = identity;
    this.changes = changes;
    this.duties = duties;
    this.recalls = recalls;
    this.sessionNodes = sessionNodes;
    this.inOrder = inOrder;
    this.renewals = renewals;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    try (request) {
      return switch (method) {
        case ControlMethods.PROPOSE -> propose(from, ControlCodec.body(request));
        case ControlMethods.READ_INDEX ->
            readIndex(from, ControlCodec.header(request, ReadIndexRequest.parser()));
        case ControlMethods.RENEW ->
            renew(from, ControlCodec.header(request, RenewRequest.parser()));
        case ControlMethods.CONFIRM ->
            confirm(from, ControlCodec.header(request, ConfirmRequest.parser()));
        case ControlMethods.JOIN -> join(from, ControlCodec.header(request, JoinRequest.parser()));
        case ControlMethods.PROMOTE ->
            promote(from, ControlCodec.header(request, PromoteRequest.parser()));
        case ControlMethods.WHO ->
            CompletableFuture.completedFuture(
                payload(
                    WhoAnswer.newBuilder()
                        .setNode(identity.node().value())
                        .setVolume(identity.volumeId())
                        .build()));
        case ControlMethods.MEMBERS ->
            members(from, ControlCodec.header(request, MembersRequest.parser()));
        case ControlMethods.RECALL -> recall(ControlCodec.header(request, RecallRequest.parser()));
        default -> CompletableFuture.failedFuture(new RefusedException("no method " + method));
      };
    } catch (IOException | RuntimeException e) {
      refusals.warn(from + ": request " + method + " refused: " + e);
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletionStage<Payload> propose(Peer from, byte[] entry) {
    return CompletableFuture.completedFuture(from)
        .thenComposeAsync(peer -> proposeHere(peer, entry), inOrder)
        .handle(
            (reply, failure) ->
                failure == null
                    ? ControlCodec.payload(
                        ControlAnswer.newBuilder()
                            .setReleased(Math.max(0, released.getAsLong()))
                            .build(),
                        LogCodec.encode(reply))
                    : ControlCodec.payload(answer(failure)));
  }

  /** Checks and proposes in one go: a step more might run in the thread that read the request. */
  private CompletableFuture<LogReply> proposeHere(Peer from, byte[] entry) {
    RefusedException refusal = check(from, entry);
    return refusal == null ? local.propose(entry) : failed(refusal);
  }

  private static <T> CompletableFuture<T> failed(Throwable failure) {
    return CompletableFuture.failedFuture(failure);
  }

  /** A node is its certificate's: it speaks for no other. */
  private static CompletableFuture<NodeId> speaker(Peer from, long claimed) {
    if (claimed <= 0) {
      return failed(new RefusedException("the message is by no node"));
    }
    NodeId node = new NodeId(claimed);
    if (!from.maySpeakFor(node)) {
      LOG.warn("{}: speaks for {}, its certificate does not", from, node);
      return failed(new RefusedException("the message is by " + node + ", the certificate is not"));
    }
    return CompletableFuture.completedFuture(node);
  }

  private @Nullable RefusedException check(Peer from, byte[] bytes) {
    try {
      if (bytes.length > RaftSettings.ENTRY_BYTES_MAX) {
        return new RefusedException("an entry of " + bytes.length + " bytes is too long");
      }
      LogEntry entry = LogCodec.decodeEntry(java.nio.ByteBuffer.wrap(bytes));
      boolean allowed =
          entry instanceof LogEntry.Batch
              || entry instanceof LogEntry.RegisterSession
              || entry instanceof LogEntry.ExpireSession
              || entry instanceof LogEntry.CreateToken
              || entry instanceof LogEntry.RevokeToken
              || entry instanceof LogEntry.HashTables;
      if (!(entry instanceof LogEntry.ExpireSession)) {
        changes.requireNotLeft(from.node());
      }
      if (entry instanceof LogEntry.RegisterSession register) {
        if (!from.maySpeakFor(register.node())) {
          return new RefusedException("a session of another node: " + register.node());
        }
        if (duties.isClockWrong(LeaderDuties.millis(register.time()))) {
          return new RefusedException(
              register.node() + " gets no session while its clock is so far from the leader's");
        }
      }
      SessionId session = spokenFor(entry);
      if (session != null && from.kind() == Peer.Kind.MEMBER) {
        // The engine judges what is for a session that is not known, or not any more.
        NodeId node = sessionNodes.of(session);
        if (node != null && !from.maySpeakFor(node)) {
          return new RefusedException(session + " is another node's: " + node);
        }
      }
      return allowed
          ? null
          : new RefusedException("not for others to propose: " + entry.getClass().getSimpleName());
    } catch (RefusedException e) {
      return e;
    } catch (MalformedException e) {
      LOG.warn("{}: sent an entry that makes no sense: {}", from, e.getMessage());
      return new RefusedException("the entry makes no sense: " + e.getMessage());
    }
  }

  private static @Nullable SessionId spokenFor(LogEntry entry) {
    if (entry instanceof LogEntry.Batch batch) {
      return batch.session();
    }
    return entry instanceof LogEntry.ExpireSession expire ? expire.session() : null;
  }

  private CompletionStage<Payload> readIndex(Peer from, ReadIndexRequest request) {
    return speaker(from, request.getNode())
        .thenCompose(freshness::readIndexFor)
        .handle(
            (index, failure) ->
                ControlCodec.payload(
                    failure == null
                        ? ReadIndexAnswer.newBuilder()
                            .setIndex(index)
                            .setReleased(Math.max(0, released.getAsLong()))
                            .build()
                        : ReadIndexAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private CompletionStage<Payload> renew(Peer from, RenewRequest request) {
    return speaker(from, request.getNode())
        .thenComposeAsync(node -> local.renew(request), renewals)
        .handle(
            (answer, failure) ->
                payload(
                    failure == null
                        ? answer
                        : RenewAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private CompletionStage<Payload> confirm(Peer from, ConfirmRequest request) {
    return speaker(from, request.getNode())
        .thenCompose(node -> local.confirm(request))
        .handle(
            (answer, failure) ->
                payload(
                    failure == null
                        ? answer
                        : ConfirmAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private CompletionStage<Payload> join(Peer from, JoinRequest request) {
    CompletableFuture<JoinAnswer> joined =
        request.getReplaces() == 0
            ? membership.join(request)
            : speaker(from, request.getReplaces()).thenCompose(gone -> membership.join(request));
    return joined.handle(
        (answer, failure) ->
            payload(
                failure == null
                    ? answer
                    : JoinAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private CompletionStage<Payload> promote(Peer from, PromoteRequest request) {
    return speaker(from, request.getNode())
        .thenCompose(node -> membership.promote(request))
        .handle(
            (done, failure) ->
                payload(
                    failure == null
                        ? PromoteAnswer.newBuilder()
                            .setAuthorityKey(membership.authorityKeyFor(from))
                            .build()
                        : PromoteAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private CompletionStage<Payload> members(Peer from, MembersRequest request) {
    return changes
        .handle(from.node(), request)
        .handle(
            (answer, failure) ->
                payload(
                    failure == null
                        ? answer
                        : MembersAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private CompletionStage<Payload> recall(RecallRequest request) {
    return recalls
        .asked(request)
        .handle(
            (given, failure) ->
                payload(
                    failure == null
                        ? RecallAnswer.getDefaultInstance()
                        : RecallAnswer.newBuilder().setAnswer(answer(failure)).build()));
  }

  private static Payload payload(MessageLite header) {
    return ControlCodec.payload(header);
  }

  private ControlAnswer answer(Throwable failure) {
    Throwable cause = Retry.cause(failure);
    ControlAnswer.Builder answer =
        ControlAnswer.newBuilder().setText(String.valueOf(cause.getMessage()));
    if (cause instanceof RefusedException || cause instanceof IllegalArgumentException) {
      return answer.setStatus(ControlAnswer.Status.REFUSED).build();
    }
    if (!(cause instanceof NoLeaderException)) {
      return answer.setStatus(ControlAnswer.Status.RETRY).build();
    }
    return answer
        .setStatus(ControlAnswer.Status.NOT_LEADER)
        .setLeaderControl(ratis.leaderControl())
        .build();
  }
}
