package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.simulation.Host;
import io.pandofs.meta.simulation.HostScheduler;
import io.pandofs.meta.simulation.World;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.SessionRenewal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A node's mount in a simulation: its session from registration to expiry, the names that it looks
 * at, and what it has open. The session's sender is the product's; the rest does with events what
 * LocalSessions, Renewer and the mount do with threads.
 */
final class SimulatedMount {
  private static final long AGAIN_NANOS = 15_000_000;
  private static final int INODES = 4096;

  private final SimulatedCluster cluster;
  private final SimulatedNode node;
  private final Host host;
  private final Clock clock;
  private final LeaderEvents events;
  private final Retry retry;
  private final HostScheduler threads;
  private final SimulatedFiles files;
  private final Map<InodeId, Integer> opening = new HashMap<>();
  private final Set<InodeId> open = new HashSet<>();
  private @Nullable SessionId id;
  private @Nullable BatchSender sender;
  private long renewedNanos;
  private long nextInode;
  private long endOfInodes;
  private boolean left;

  SimulatedMount(
      SimulatedCluster cluster,
      SimulatedNode node,
      LeaderEvents events,
      Retry retry,
      HostScheduler threads) {
    this.cluster = cluster;
    this.node = node;
    this.host = node.host();
    this.clock = host.clock();
    this.events = events;
    this.retry = retry;
    this.threads = threads;
    this.renewedNanos = clock.nanoTime();
    this.files = new SimulatedFiles(cluster, node, this);
  }

  private World world() {
    return host.world();
  }

  private boolean keeps(Rule rule) {
    return cluster.keeps(rule);
  }

  // The session

  void start() {
    renewAgain();
    endPredecessors();
  }

  /** What an earlier process of this node left is over; then this one's session begins. */
  private void endPredecessors() {
    boolean[] done = {false};
    node.catchUp(
        snapshot -> {
          if (!done[0]) {
            done[0] = true;
            endNext(snapshot.cluster().sessions(), 0);
          }
        });
    host.after(
        SimulatedCluster.SECOND / 5,
        () -> {
          if (!done[0]) {
            done[0] = true;
            endPredecessors();
          }
        });
  }

  private void endNext(List<ClusterView.Session> sessions, int at) {
    if (at == sessions.size()) {
      register();
    } else if (!sessions.get(at).node().equals(node.id())) {
      endNext(sessions, at + 1);
    } else {
      cluster.endsOwn(sessions.get(at).id());
      node.propose(LogCodec.encode(new LogEntry.ExpireSession(sessions.get(at).id())))
          .whenComplete(
              (reply, failure) ->
                  host.after(
                      failure == null ? 0 : AGAIN_NANOS,
                      () -> endNext(sessions, failure == null ? at + 1 : at)));
    }
  }

  private void register() {
    if (left) {
      return;
    }
    node.propose(LogCodec.encode(new LogEntry.RegisterSession(node.id(), clock.now())))
        .whenComplete(
            (reply, failure) -> {
              if (failure == null && reply.status() == LogReply.Status.OK) {
                begin(new SessionId(reply.number()));
              } else {
                host.after(world().between(1_000_000, 50_000_000), this::register);
              }
            });
  }

  private void begin(SessionId granted) {
    if (left) {
      return; // it ends by itself
    }
    id = granted;
    sender =
        new BatchSender(
            granted,
            node::propose,
            events,
            retry,
            clock,
            threads,
            threads,
            cluster.shape().patienceNanos(),
            () -> ended(granted));
    world().trace(host + " has " + granted);
    threads.execute(this::renew);
    submit(new Operation.ReserveNumbers(Operation.NumberKind.INODE, INODES))
        .thenAccept(
            reply -> {
              if (reply.errno().isOk() && granted.equals(id)) {
                nextInode = reply.number();
                endOfInodes = reply.number() + INODES;
              }
            });
  }

  /** An inode number that nobody else uses. */
  InodeId nextInode() {
    return new InodeId(nextInode++);
  }

  /** Whether there is a session, and it has numbers. */
  boolean isReady() {
    return id != null && nextInode < endOfInodes;
  }

  /** The log has ended a session. */
  void sessionEnded(SessionId session) {
    if (session.equals(id)) {
      threads.execute(() -> ended(session));
    }
  }

  /** The log ends a session, not this mount: then this one knew that it might (PROTOCOL rule 7). */
  void expired(SessionId session) {
    if (host.isAlive() && session.equals(id) && isCurrent()) {
      world().violated(host + " is sure to live and " + session + " is ended");
    }
  }

  /** The tables are others. */
  void endIfGone() {
    SessionId mine = id;
    if (mine != null && node.present().cluster().session(mine) == null) {
      ended(mine);
    }
  }

  /** This node is none of the cluster any more: nothing is answered here from now on. */
  void leave() {
    left = true;
    SessionId mine = id;
    if (mine != null) {
      ended(mine);
      cluster.endsOwn(mine);
      node.propose(LogCodec.encode(new LogEntry.ExpireSession(mine)));
    }
  }

  private void ended(SessionId session) {
    if (!session.equals(id) || sender == null) {
      return;
    }
    world().trace(host + " has lost " + session);
    BatchSender old = sender;
    sender = null;
    id = null;
    old.end();
    endOfInodes = 0;
    open.clear();
    opening.clear();
    if (keeps(Rule.NEW_SESSION_BEGINS_WITH_NOTHING)) {
      files.forget();
    }
    register();
  }

  void leaderChanged() {
    if (sender != null) {
      sender.leaderChanged();
    }
    renew();
  }

  private void renewAgain() {
    renew();
    host.after(cluster.shape().sessionNanos() / 8, this::renewAgain);
  }

  /** As Renewer does. */
  private void renew() {
    SessionId mine = id;
    if (mine == null) {
      return;
    }
    SimulatedNode.Snapshot snapshot = node.present();
    SessionRenewal.Builder renewal =
        SessionRenewal.newBuilder()
            .setSession(mine.value())
            .setApplied(snapshot.index())
            .setComplete(true);
    for (ClusterView.Orphan orphan : snapshot.cluster().orphansAfter(0, 64)) {
      if (open.contains(orphan.inode()) || opening.containsKey(orphan.inode())) {
        renewal.addHeldOrphans(orphan.inode().value());
      }
    }
    long sent = clock.nanoTime();
    long sentTrue = world().nowNanos();
    node.renew(RenewRequest.newBuilder().setNode(node.id().value()).addSessions(renewal).build())
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                if (answer.getUnknownCount() == 0) {
                  cluster.renewed(mine, sentTrue);
                }
                renewed(mine, sent, answer);
              }
            });
  }

  private void renewed(SessionId session, long sent, RenewAnswer answer) {
    if (answer.getUnknownCount() == 0) {
      renewedNanos = Math.max(renewedNanos, sent);
    } else if (session.equals(id)) {
      node.catchUp(snapshot -> endIfGone());
    }
  }

  boolean isCurrent() {
    return clock.nanoTime() - renewedNanos < cluster.shape().sessionNanos() / 10 * 9;
  }

  /** Its session; null while there is none. */
  @Nullable SessionId id() {
    return id;
  }

  SimulatedFiles files() {
    return files;
  }

  // Names and attributes

  CompletableFuture<Reply> submit(Operation operation) {
    return submit(operation, Standing.ALONE);
  }

  /** What a program has been told is done. */
  CompletableFuture<Reply> submitAhead(Operation operation) {
    return submit(operation, Standing.AHEAD);
  }

  private CompletableFuture<Reply> submit(Operation operation, Standing standing) {
    if (sender == null) {
      return CompletableFuture.completedFuture(Reply.failed(Errno.EIO));
    }

    Request request = cluster.request(operation).with(standing);
    SessionId mine = id;
    long submitted = clock.nanoTime();
    world().detail(() -> host + " submits " + operation);
    CompletableFuture<Reply> answer = sender.send(request, false, Unwatched.PROGRESS);
    if (!keeps(Rule.LOG_BEFORE_ANSWER) && operation instanceof Operation.Unlink) {
      answer = CompletableFuture.completedFuture(Reply.OK); // as if the mount had seen to it
    }
    return answer.thenApply(
        reply -> {
          world().detail(() -> host + " is answered " + reply.errno() + " to " + operation);
          long waited = clock.nanoTime() - submitted;
          boolean lives = mine != null && mine.equals(id) && !cluster.files().hasEnded(mine);
          if (reply.errno() == Errno.EIO && lives && waited < cluster.shape().patienceNanos()) {
            world().violated(host + " gets EIO for nothing: " + operation);
          }
          return cluster.answered(request, reply);
        });
  }

  /** Opens a view for the session; nothing happens if that is over, or not known to live. */
  void view(Consumer<SimulatedNode.Snapshot> then) {
    SessionId mine = id;
    if (mine == null || !isCurrent()) {
      return;
    }
    node.snapshot(
        snapshot -> {
          if (snapshot.cluster().session(mine) == null) {
            ended(mine);
          } else {
            then.accept(snapshot);
          }
        });
  }

  void look(String thing) {
    long atLeast = cluster.truth().begin();
    view(
        snapshot ->
            node.ask(
                snapshot,
                view -> Things.show(view, thing),
                value -> cluster.truth().shown(host.toString(), thing, atLeast, value),
                failure -> world().violated(host + " looks at " + thing + ": " + failure)));
  }

  /** Opens what a name means: said to the session first, then looked for again. */
  void open(String name) {
    view(
        snapshot ->
            node.ask(
                snapshot,
                view -> view.lookup(InodeId.ROOT, Things.name(name)).inode(),
                this::open,
                failure -> {}));
  }

  private void open(InodeId inode) {
    SessionId mine = id;
    // Counted, as in the product: who gives up or closes takes nobody else's hold along.
    opening.merge(inode, 1, Integer::sum);
    view(
        again ->
            node.ask(
                again,
                view -> view.attributes(inode),
                found -> {
                  boolean mayGo = found.links() == 0 && !open.contains(inode);
                  boolean refused = mayGo && keeps(Rule.NO_NEW_HOLD_OF_AN_ORPHAN);
                  if (mine != null && mine.equals(id)) {
                    if (!refused) {
                      open.add(inode);
                    }
                    opened(inode);
                  }
                },
                gone -> {
                  if (mine != null && mine.equals(id)) {
                    opened(inode);
                  }
                }));
  }

  private void opened(InodeId inode) {
    opening.computeIfPresent(inode, (same, count) -> count == 1 ? null : count - 1);
  }

  /** Closes one of the open files; one that is open is still there. */
  void close() {
    if (!open.isEmpty()) {
      InodeId inode = open.iterator().next();
      open.remove(inode);
    }
  }

  /** Whether a program on this mount has an inode open, and its session lives in these tables. */
  boolean holds(InodeId inode, ClusterView tables) {
    return host.isAlive() && id != null && open.contains(inode) && tables.session(id) != null;
  }
}
