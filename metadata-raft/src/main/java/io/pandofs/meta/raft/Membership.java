package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.NodeId;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.JoinAnswer;
import io.pandofs.meta.wire.JoinRequest;
import io.pandofs.meta.wire.PromoteRequest;
import io.pandofs.meta.wire.WhoAnswer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftPeer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes nodes into the cluster, on the leader, one step at a time (Raft's configuration changes one
 * step at a time as well).
 *
 * <p>A join has two halves. The first registers the newcomer under a new id. Where nodes have
 * certificates it shows a token and gets a certificate; the same key gets the same id, however
 * often it asks; and an address of a member is refused. A member whose data were damaged shows its
 * certificate in place of a token: unless it answers as itself, it leaves the voters, and one entry
 * takes its old id away and gives it a new one. Where they have none, on one machine, and it has
 * the address of a member that does not answer there, that member has lost its data and is what the
 * newcomer replaces: it leaves the voters and the tables first, so that nothing that is meant for
 * it reaches the empty newcomer. There the same nonce gets the same answer; under a new leader it
 * gets a new id, and the unused one is replaced by the rule of the address. The second half, once
 * the newcomer's Raft server runs, makes it a voter; it can be repeated at will. Thread-safe.
 */
final class Membership {
  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);
  private static final int REMEMBERED = 64;

  /** Requests to be let in that are under way at a time; more are to come again later. */
  private static final int JOINS_MAX = 16;

  private static final Duration WHO_DEADLINE = Duration.ofSeconds(2);

  private final RatisNode ratis;
  private final Supplier<CompletableFuture<Void>> proof;
  private final LiveTables tables;
  private final Clock clock;
  private final LongPredicate isClockWrong;
  private final ReplicaConfig config;
  private final LetIn letIn;
  private final Connections connections;
  private final Executor executor;
  private final AtomicInteger joins = new AtomicInteger();
  private final LimitedLog refusals = new LimitedLog(LOG, new SystemClock());

  @GuardedBy("this")
  private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

  @GuardedBy("this")
  private final Map<Long, JoinAnswer> answered = new LinkedHashMap<>();

  /**
   * @param proof see {@link LeaderFreshness#proveLeading}
   * @param isClockWrong whether a node of that wall-clock time, in milliseconds, is to be refused
   * @param executor for work that reads tables
   */
  Membership(
      RatisNode ratis,
      Supplier<CompletableFuture<Void>> proof,
      LiveTables tables,
      Clock clock,
      LongPredicate isClockWrong,
      ReplicaConfig config,
      LetIn letIn,
      Connections connections,
      Executor executor) {
    this.ratis = ratis;
    this.proof = proof;
    this.tables = tables;
    this.clock = clock;
    this.isClockWrong = isClockWrong;
    this.config = config;
    this.letIn = letIn;
    this.connections = connections;
    this.executor = executor;
  }

  /** Does a step after those before it, with tables that have all that was acknowledged. */
  synchronized <T> CompletableFuture<T> inTurn(Supplier<CompletableFuture<T>> step) {
    CompletableFuture<T> turn =
        last.handle((done, failure) -> null)
            .thenComposeAsync(none -> proof.get(), executor)
            .thenComposeAsync(none -> step.get(), executor);
    last = turn;
    return turn;
  }

  /**
   * Registers a node; fails with RefusedException, or with what may be tried again. Strangers may
   * ask: no more than a few at a time, and what can be seen to be refused takes no turn and comes
   * into no log.
   */
  CompletableFuture<JoinAnswer> join(JoinRequest request) {
    if (!ratis.leads()) {
      return CompletableFuture.failedFuture(new NoLeaderException(ratis.self() + " does not lead"));
    }
    if (joins.incrementAndGet() > JOINS_MAX) {
      joins.decrementAndGet();
      return CompletableFuture.failedFuture(
          new IOException("too many nodes ask to be let in at the same time"));
    }
    return CompletableFuture.supplyAsync(() -> before(request), executor)
        .thenCompose(
            before ->
                before != null
                    ? CompletableFuture.completedFuture(before)
                    : inTurn(() -> joinNow(request)))
        .whenComplete(
            (answer, failure) -> {
              joins.decrementAndGet();
              if (failure != null && Retry.cause(failure) instanceof RefusedException refused) {
                refusals.warn(
                    "A node at "
                        + Addresses.printable(request.getControl())
                        + " may not join: "
                        + refused.getMessage());
              }
            });
  }

  /** The answer that was given before, if any; throws if this node's tables say that it is none. */
  private @Nullable JoinAnswer before(JoinRequest request) {
    synchronized (this) {
      JoinAnswer before = answered.get(request.getNonce());
      if (before != null) {
        return before;
      }
    }
    try {
      check(request);
      if (letIn.isSecured() && request.getReplaces() == 0) {
        checkShown(letIn.entry(request, asked(request), clock.now()));
      } else if (letIn.isSecured()) {
        checkReplaced(letIn.replacement(request, asked(request)));
      }
      return null;
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /** The leader's own tables have every token that anybody was told of. */
  private void checkShown(LogEntry.AdmitNode entry) throws IOException {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      refuse(snapshot.cluster().refusal(entry), entry.node());
    }
    refuseVoter(entry.key());
  }

  /** Before anything is done: a member that is not taken back in the end must keep its vote. */
  private void checkReplaced(LogEntry.ReplaceNode entry) throws IOException {
    boolean again;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      refuse(snapshot.cluster().refusal(entry), entry.node());
      again = snapshot.cluster().node(entry.gone()) == null;
    }
    if (again) {
      refuseVoter(entry.key());
    }
  }

  private static void refuse(
      LogEntry.AdmitNode.@Nullable Refusal refusal, LogEntry.RegisterNode node)
      throws RefusedException {
    if (refusal != null) {
      throw new RefusedException(LetIn.sentence(refusal.code(), node.control()));
    }
  }

  private CompletableFuture<JoinAnswer> joinNow(JoinRequest request) {
    JoinAnswer before;
    synchronized (this) {
      before = answered.get(request.getNonce());
    }
    if (before != null) {
      return CompletableFuture.completedFuture(before);
    }
    if (letIn.isSecured()) {
      return request.getReplaces() == 0 ? admit(request) : replace(request);
    }
    return replaced(request.getControl())
        .thenCompose(none -> register(request))
        .thenApply(answer -> remember(request.getNonce(), answer));
  }

  private void check(JoinRequest request) throws RefusedException {
    if (request.getFormatVersion() != Identity.FORMAT) {
      throw new RefusedException(
          "the new node has format version "
              + request.getFormatVersion()
              + ", the cluster "
              + Identity.FORMAT);
    }
    if (isClockWrong.test(request.getWallMillis())) {
      throw new RefusedException(
          "the new node's clock is more than "
              + config.timing().clockRefuse().toSeconds()
              + " s from the leader's: set the clock first");
    }
    Addresses.parse(request.getControl());
    Addresses.parse(request.getRaft());
    Addresses.parse(request.getBlocks());
  }

  /** Takes out whoever had this address. */
  private CompletableFuture<Void> replaced(String control) {
    List<NodeId> gone = new ArrayList<>();
    try (LocalSnapshot snapshot = tables.snapshot()) {
      for (ClusterView.Node node : snapshot.cluster().nodes()) {
        if (node.control().equals(control)) {
          gone.add(node.id());
        }
      }
    }
    if (gone.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    if (gone.contains(ratis.self())) {
      return CompletableFuture.failedFuture(
          new RefusedException("the address " + control + " is that of " + ratis.self()));
    }
    return answers(connections, control)
        .thenComposeAsync(
            lives ->
                lives
                    ? CompletableFuture.failedFuture(
                        new RefusedException(
                            "the address "
                                + control
                                + " is that of "
                                + gone.get(0)
                                + ", which answers there; listen on another one"))
                    : takeOut(gone, control),
            executor);
  }

  /** Whether a node of this volume answers at an address. */
  private CompletableFuture<Boolean> answers(Connections out, String control) {
    try {
      return RemoteLeader.call(
              out,
              Addresses.parse(control),
              ControlMethods.WHO,
              Payload.of(new byte[0]),
              WHO_DEADLINE,
              answer -> ControlCodec.header(answer, WhoAnswer.parser()))
          .handle((who, failure) -> failure == null && who.getVolume() == volume());
    } catch (RefusedException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private long volume() {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      return snapshot.cluster().volumeId();
    }
  }

  private CompletableFuture<Void> takeOut(List<NodeId> gone, String control) {
    LOG.info("{}: replaced by a new node at {}", gone, control);
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    for (NodeId node : gone) {
      done = done.thenCompose(none -> ratis.withoutVoter(node));
    }
    for (NodeId node : gone) {
      done = done.thenCompose(none -> propose(new LogEntry.RemoveNode(node))).thenApply(r -> null);
    }
    return done;
  }

  private static LogEntry.RegisterNode asked(JoinRequest request) {
    return new LogEntry.RegisterNode(
        0, request.getName(), request.getControl(), request.getRaft(), request.getBlocks());
  }

  private CompletableFuture<JoinAnswer> admit(JoinRequest request) {
    LogEntry.AdmitNode entry;
    try {
      entry = letIn.entry(request, asked(request), clock.now());
      refuseVoter(entry.key());
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    return letIn(request, entry);
  }

  /**
   * The same key gets the same id only until that has voted: it may come without its log, and who
   * has seen a member's request for its certificate could move it elsewhere with it.
   */
  private void refuseVoter(Fingerprint key) throws IOException {
    NodeId known;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      known = snapshot.cluster().nodeWithKey(key);
    }
    if (known != null && ratis.votingNodes().contains(known)) {
      throw new RefusedException(
          "its key is that of " + known + ", which votes: empty the data directory, keys as well");
    }
  }

  /** Takes back, under a new id, a member that has shown its certificate. */
  private CompletableFuture<JoinAnswer> replace(JoinRequest request) {
    NodeId gone = new NodeId(request.getReplaces());
    try {
      LogEntry.ReplaceNode entry = letIn.replacement(request, asked(request));
      checkReplaced(entry);
      return unvoted(gone).thenCompose(none -> letIn(request, entry));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Sees to it that a member that joins again does not vote, and does not run somewhere else. */
  private CompletableFuture<Void> unvoted(NodeId gone) throws IOException {
    ClusterView.Node node;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      node = snapshot.cluster().node(gone);
    }
    if (node == null) {
      return CompletableFuture.completedFuture(null); // as by an earlier try, or it may not join
    }
    if (gone.equals(ratis.self())) {
      throw new RefusedException(gone + " runs, and leads");
    }
    return answers(connections.expecting(gone), node.control())
        .thenComposeAsync(
            lives ->
                lives
                    ? CompletableFuture.failedFuture(
                        new RefusedException(
                            gone + " runs at " + node.control() + ": it cannot join again here"))
                    : ratis.withoutVoter(gone),
            executor);
  }

  private CompletableFuture<JoinAnswer> letIn(JoinRequest request, LogEntry entry) {
    return propose(entry)
        .thenApply(
            reply -> {
              if (reply.status() != LogReply.Status.OK || reply.number() <= 0) {
                throw new CompletionException(
                    new RefusedException(LetIn.sentence(reply.number(), request.getControl())));
              }
              return signed(request, answer(new NodeId(reply.number())));
            });
  }

  private JoinAnswer signed(JoinRequest request, JoinAnswer answer) {
    try {
      JoinAnswer.Builder signed = answer.toBuilder();
      letIn.sign(request, signed, clock.now());
      LOG.info("n{} at {} was let in", answer.getNode(), request.getControl());
      return signed.build();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /** The authority's key for a new member; empty for anybody else. */
  ByteString authorityKeyFor(Peer peer) {
    try {
      return letIn.authorityKeyFor(peer);
    } catch (IOException e) {
      LOG.error("the authority's key cannot be read", e);
      return ByteString.EMPTY;
    }
  }

  private CompletableFuture<JoinAnswer> register(JoinRequest request) {
    return propose(asked(request))
        .thenCompose(
            reply -> {
              if (reply.status() != LogReply.Status.OK || reply.number() <= 0) {
                return CompletableFuture.failedFuture(
                    new RefusedException("the log refused the new node"));
              }
              return CompletableFuture.completedFuture(answer(new NodeId(reply.number())));
            });
  }

  private JoinAnswer answer(NodeId node) {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      JoinAnswer.Builder answer =
          JoinAnswer.newBuilder().setNode(node.value()).setVolume(snapshot.cluster().volumeId());
      answer.setClusterEpoch(snapshot.cluster().clusterEpoch());
      for (ClusterView.Node member : snapshot.cluster().nodes()) {
        if (!member.id().equals(node)) {
          answer.addMembers(member.control());
        }
      }
      return answer.build();
    }
  }

  private synchronized JoinAnswer remember(long nonce, JoinAnswer answer) {
    answered.put(nonce, answer);
    if (answered.size() > REMEMBERED) {
      answered.remove(answered.keySet().iterator().next());
    }
    return answer;
  }

  /** Makes a registered node a voter; done when it is caught up. */
  CompletableFuture<Void> promote(PromoteRequest request) {
    return inTurn(() -> promoteNow(request));
  }

  private CompletableFuture<Void> promoteNow(PromoteRequest request) {
    NodeId newcomer = new NodeId(request.getNode());
    List<RaftPeer> peers = new ArrayList<>();
    boolean isPlaced;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      ClusterView.Node node = snapshot.cluster().node(newcomer);
      if (node == null || request.getVolume() != snapshot.cluster().volumeId()) {
        return CompletableFuture.failedFuture(
            new RefusedException(newcomer + " is not registered in this cluster"));
      }
      for (RaftPeer peer : ratis.votingPeers()) {
        if (!RatisNode.nodeId(peer.getId()).equals(newcomer)) {
          peers.add(peer); // who is no member any more goes in a step of its own
        }
      }
      peers.add(RatisNode.peer(newcomer, node.raft(), node.control()));
      isPlaced = node.placed();
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    LOG.info("{}: to become a voter; voters then: {}", newcomer, peers);
    return ratis
        .setPeers(peers)
        .thenCompose(none -> isPlaced ? CompletableFuture.completedFuture(null) : place(newcomer));
  }

  private CompletableFuture<Void> place(NodeId newcomer) {
    return propose(new LogEntry.PlaceNode(newcomer)).thenApply(reply -> null);
  }

  private CompletableFuture<LogReply> propose(LogEntry entry) {
    return ratis.propose(LogCodec.encode(entry));
  }
}
