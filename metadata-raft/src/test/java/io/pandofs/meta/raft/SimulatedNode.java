package io.pandofs.meta.raft;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Standing;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.LocalEffects;
import io.pandofs.meta.engine.MemoryStore;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.simulation.Host;
import io.pandofs.meta.simulation.HostScheduler;
import io.pandofs.meta.simulation.ModelPeer;
import io.pandofs.meta.simulation.ModelRaft;
import io.pandofs.meta.simulation.World;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One process of a node in a simulation: the product's engine, freshness, releases, session watch,
 * read barrier and released views on a simulated host, over the model of Raft. What the product
 * does with threads that wait is done here with events: the same steps in the same order.
 */
final class SimulatedNode implements ModelRaft.Machine, LeaderCalls {
  private static final long TICK_NANOS = 100_000_000;
  private static final long LOOK_PAUSE_NANOS_MAX = 400_000_000;
  private static final double LOOK_PAUSES = 0.1;
  private static final long TURN_NANOS_MAX = 50_000_000;
  private static final int DIRTY_MAX = 16;
  private static final long A_MINUTE_NANOS = 60_000_000_000L;

  private final SimulatedCluster cluster;
  private final Host host;
  private final NodeId id;
  private final ModelPeer raft;
  private final HostScheduler threads;
  private final LeaderEvents events = new LeaderEvents();
  private final DirtyInodes dirty = new DirtyInodes(DIRTY_MAX);
  private final Freshness freshness;
  private final Releases releases;
  private final SimulatedDuties duties;
  private final SimulatedChanges changes;
  private final ReadBarrier barrier = new ReadBarrier(this::readIndex);
  private final SimulatedMount mount;
  private final TreeMap<Long, CompletableFuture<Void>> awaited = new TreeMap<>();

  /** The nodes as of these tables. */
  private final Set<NodeId> known = new HashSet<>();

  /** Who voted when this process first did. */
  private List<Set<NodeId>> firstVoters = List.of();

  private MemoryStore rows = new MemoryStore();
  private long index;
  private boolean left;

  /** The tables as of an index. */
  record Snapshot(MemoryStore rows, long index) {
    ClusterView cluster() {
      return new ClusterView(rows);
    }
  }

  /** An applied entry's answer and place. */
  private record Applied(long index, LogReply reply, boolean grantsLease) {}

  /** Thrown by a view that shows what is not released up to here. */
  private static final class NotReleasedException extends RuntimeException {
    private static final long serialVersionUID = 1;
    final long upTo;

    NotReleasedException(long upTo) {
      super(null, null, false, false);
      this.upTo = upTo;
    }
  }

  /** What is asked of a view. */
  @FunctionalInterface
  interface Question<T> {
    T ask(MetadataView view) throws ErrnoException;
  }

  SimulatedNode(SimulatedCluster cluster, Host host, ModelPeer raft) {
    this.cluster = cluster;
    this.host = host;
    this.id = new NodeId(host.number());
    this.raft = raft;
    this.threads = new HostScheduler(host);
    Clock clock = host.clock();
    long lease = cluster.shape().leaseNanos();
    this.releases = new Releases(clock, host::after, id, lease, this::voters);
    releases.watchVoters();
    this.freshness =
        new Freshness(
            id,
            host.world().random().nextLong(),
            clock,
            host::after,
            lease,
            this::confirm,
            raft::term,
            releases::answeredAt,
            dirty,
            () -> CompletableFuture.completedFuture(null));
    this.duties =
        new SimulatedDuties(
            raft,
            () -> serveReadIndex().thenApply(read -> null),
            clock,
            cluster.shape().sessionNanos(),
            () -> new ClusterView(rows),
            cluster::keeps);
    this.changes =
        new SimulatedChanges(
            cluster,
            raft,
            entry -> raft.propose(entry).thenApply(answer -> ((Applied) answer).reply),
            () -> serveReadIndex().thenApply(read -> null),
            () -> new ClusterView(rows),
            releases);
    Retry retry = new Retry(clock, threads, events);
    this.mount = new SimulatedMount(cluster, this, events, retry, threads);
  }

  void start() {
    freshness.wanted(true);
    freshness.start();
    tick();
    mount.start();
  }

  private void tick() {
    duties.tick();
    releases.watchVoters();
    changes.finishRemovals();
    host.after(TICK_NANOS, this::tick);
  }

  private List<Set<NodeId>> voters() {
    List<Set<NodeId>> groups = new ArrayList<>();
    for (Set<Integer> group : raft.voterGroups()) {
      groups.add(group.stream().map(NodeId::new).collect(Collectors.toSet()));
    }
    if (firstVoters.isEmpty() && groups.get(0).contains(id)) {
      firstVoters = groups;
    }
    return cluster.keeps(Rule.LEADER_PROVES_BY_VOTERS_OF_NOW) ? groups : firstVoters;
  }

  /**
   * Who is in the cluster as of these tables, this node perhaps no more; without the rule, whoever
   * was in it once.
   */
  private void readMembers() {
    ClusterView tables = new ClusterView(rows);
    if (cluster.keeps(Rule.NO_LEASE_FOR_WHO_LEFT)) {
      known.clear();
    }
    tables.nodes().forEach(node -> known.add(node.id()));
    releases.members(known);
    if (tables.hasLeft(id) && !left && cluster.keeps(Rule.NO_LEASE_FOR_WHO_LEFT)) {
      left = true;
      mount.leave();
      freshness.close();
    }
  }

  private World world() {
    return host.world();
  }

  Host host() {
    return host;
  }

  NodeId id() {
    return id;
  }

  SimulatedMount mount() {
    return mount;
  }

  long index() {
    return index;
  }

  // The log

  @Override
  public Object apply(long at, long term, byte[] bytes) {
    LogEntry entry = decode(bytes);
    Effects effects = new Effects(new TreeSet<>(this::compare), new TreeSet<>());
    LogReply reply = cluster.engine().apply(entry, at, rows, effects);
    cluster.applied(at, entry, reply, effects.things, rows);
    if (effects.members) {
      readMembers();
    }
    List<InodeId> inodes = List.copyOf(effects.inodes);
    if (cluster.keeps(Rule.MARK_BEFORE_COMMIT)) {
      dirty.changed(at, inodes);
    } else {
      host.after(world().between(0, TURN_NANOS_MAX), () -> dirty.changed(at, inodes));
    }
    advance(at, isPublic(entry) || !effects.ended.isEmpty());
    effects.ended.forEach(mount::sessionEnded);
    mount.files().applied();
    return new Applied(at, reply, grantsLease(entry));
  }

  @Override
  public void passed(long at) {
    advance(at, true);
  }

  /**
   * As PandoStateMachine does, but that a size stands for bytes here; without the rule, nobody
   * waits for any batch to be confirmed.
   */
  private boolean isPublic(LogEntry entry) {
    return !(entry instanceof LogEntry.Batch batch)
        || (cluster.keeps(Rule.ONLY_COVERED_IS_NOT_CONFIRMED)
            && !batch.requests().stream()
                .allMatch(request -> request.standing() instanceof Standing.Ahead));
  }

  /** The size of a file as of these tables; null if there is none. */
  @Nullable Long size(InodeId inode) {
    try (MetadataView view = new TableView(rows, index, () -> {})) {
      return view.attributes(inode).sizeBytes();
    } catch (ErrnoException e) {
      return null;
    }
  }

  private void advance(long at, boolean isPublic) {
    index = at;
    world().detail(() -> host + " has applied " + at);
    if (look()) {
      releases.applied(at, isPublic);
    }
    freshness.applied(at, isPublic);
    List<CompletableFuture<Void>> reached = new ArrayList<>(awaited.headMap(at, true).values());
    awaited.headMap(at, true).clear();
    reached.forEach(one -> one.complete(null));
  }

  private int compare(InodeId one, InodeId other) {
    return Long.compare(one.value(), other.value());
  }

  private static boolean grantsLease(LogEntry entry) {
    return entry instanceof LogEntry.Batch batch
        && batch.requests().stream()
            .allMatch(request -> request.operation() instanceof Operation.AcquireLease);
  }

  /** What an entry changed. */
  private static final class Effects implements LocalEffects {
    final Set<InodeId> inodes;
    final Set<String> things;
    final List<SessionId> ended = new ArrayList<>();
    boolean members;

    Effects(Set<InodeId> inodes, Set<String> things) {
      this.inodes = inodes;
      this.things = things;
    }

    @Override
    public void inodeChanged(InodeId inode) {
      inodes.add(inode);
      if (inode.equals(InodeId.ROOT)) {
        things.add(Things.ROOT_MODIFIED);
      }
    }

    @Override
    public void dentryChanged(InodeId parent, FileName name) {
      inodes.add(parent);
      things.add(name.toString());
    }

    @Override
    public void orphaned(InodeId inode) {
      inodes.add(inode);
    }

    @Override
    public void placementChanged() {
      members = true;
    }

    @Override
    public void sessionEnded(SessionId session) {
      ended.add(session);
    }
  }

  private static LogEntry decode(byte[] bytes) {
    try {
      return LogCodec.decodeEntry(ByteBuffer.wrap(bytes));
    } catch (MalformedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Object checkpoint() {
    return new Snapshot(rows.copy(), index);
  }

  @Override
  public void install(Object checkpoint, long at) {
    if (cluster.keeps(Rule.CHECKPOINT_GIVES_UP)) {
      freshness.giveUp();
      dirty.everything(at);
    }
    rows = ((Snapshot) checkpoint).rows.copy();
    readMembers();
    freshness.regain(at, freshness.giveUps());
    advance(at, true);
    mount.endIfGone();
    cluster.installed(this);
  }

  @Override
  public void leads(long term) {
    look();
    if (!cluster.keeps(Rule.NEW_LEADER_WAITS)) {
      confirmForAll(term);
    }
    events.changed();
  }

  /** As if every node had said that it knows of this term, and holds no lease of another. */
  private void confirmForAll(long term) {
    Set<NodeId> all = new HashSet<>(known);
    voters().forEach(all::addAll);
    for (NodeId node : all) {
      releases.confirm(
          ConfirmRequest.newBuilder().setNode(node.value()).setTerm(term).setNumber(1).build());
    }
  }

  @Override
  public void leadsNoMore() {
    look();
  }

  @Override
  public void leaderChanged() {
    events.changed();
    threads.execute(
        () -> {
          look();
          freshness.leaderChanged();
          mount.leaderChanged();
        });
  }

  /** As LeaderFreshness does. */
  private boolean look() {
    return releases.look(() -> raft.leads() ? raft.term() : -1, () -> index);
  }

  // What the leader does for others

  private CompletableFuture<LogReply> serve(byte[] entry) {
    return raft.propose(entry)
        .thenCompose(
            answer -> {
              Applied applied = (Applied) answer;
              if (!cluster.keeps(Rule.RELEASE_BEFORE_ACKNOWLEDGE)
                  || (applied.grantsLease && !cluster.keeps(Rule.GRANT_IS_A_CHANGE))) {
                return CompletableFuture.completedFuture(applied.reply);
              }
              look();
              return releases.whenReleased(applied.index).thenApply(none -> applied.reply);
            });
  }

  private CompletableFuture<ConfirmAnswer> serve(ConfirmRequest request) {
    return look()
        ? releases.confirm(request)
        : CompletableFuture.failedFuture(new NoLeaderException(id + " does not lead"));
  }

  private CompletableFuture<Long> serveReadIndex() {
    if (!look()) {
      return CompletableFuture.failedFuture(new NoLeaderException(id + " does not lead"));
    }
    long known = releases.readIndexIfProven();
    if (known >= 0) {
      return CompletableFuture.completedFuture(known);
    }
    long proven = releases.readIndex();
    return cluster.keeps(Rule.LEADER_PROVES)
        ? raft.proveLeading().thenApply(none -> proven)
        : CompletableFuture.completedFuture(proven);
  }

  // What this node asks the leader

  private <T> CompletableFuture<T> atLeader(
      Function<SimulatedNode, CompletableFuture<T>> call, String what) {
    ModelPeer leader = raft.leader();
    return leader == null
        ? CompletableFuture.failedFuture(new NoLeaderException("nobody leads"))
        : cluster
            .network()
            .call(host, leader.host(), () -> call.apply(cluster.node(leader.host())), what);
  }

  <T> CompletableFuture<T> askLeader(Function<SimulatedChanges, CompletableFuture<T>> step) {
    return atLeader(
        leader ->
            leader.look()
                ? step.apply(leader.changes)
                : CompletableFuture.failedFuture(new NoLeaderException("does not lead")),
        "change");
  }

  @Override
  public CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    ConfirmRequest sent =
        cluster.keeps(Rule.APART_IS_TRUE)
            ? request
            : request.toBuilder().setApartNanos(A_MINUTE_NANOS).build();
    return atLeader(leader -> leader.serve(sent), "confirm");
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    return atLeader(leader -> leader.serve(entry), "propose");
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    return atLeader(SimulatedNode::serveReadIndex, "read index");
  }

  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    return atLeader(leader -> leader.duties.renew(request), "renew");
  }

  // Looks

  /** Hands the tables out with all that was acknowledged anywhere before, as LinearReads does. */
  void snapshot(Consumer<Snapshot> then) {
    if (!cluster.keeps(Rule.LEASE_BEFORE_TABLES)) {
      Snapshot before = present();
      pause(() -> lookAtLease(() -> before, then));
    } else {
      lookAtLease(this::present, then);
    }
  }

  private void lookAtLease(Supplier<Snapshot> tables, Consumer<Snapshot> then) {
    boolean fresh = freshness.isFresh();
    if (fresh && cluster.members().hasLeft(id)) {
      world().violated(host + " answers by itself, and its removal was told");
    }
    if (fresh || !cluster.keeps(Rule.FRESH_OR_ASK)) {
      pause(() -> then.accept(tables.get()));
    } else {
      catchUp(then);
    }
  }

  /** A thread may lose its turn between two looks. */
  private void pause(Runnable then) {
    if (world().chance(LOOK_PAUSES)) {
      host.after(world().between(0, LOOK_PAUSE_NANOS_MAX), then);
    } else {
      then.run();
    }
  }

  /** Hands the tables out once all is applied that the leader tells of; not at all if none does. */
  void catchUp(Consumer<Snapshot> then) {
    barrier
        .readIndex()
        .whenComplete(
            (upTo, failure) -> {
              if (failure == null) {
                whenApplied(upTo).thenRun(() -> then.accept(present()));
              }
            });
  }

  private CompletableFuture<Void> whenApplied(long upTo) {
    return upTo <= index
        ? CompletableFuture.completedFuture(null)
        : awaited.computeIfAbsent(upTo, same -> new CompletableFuture<>());
  }

  Snapshot present() {
    return new Snapshot(rows.copy(), index);
  }

  /** Answers a question from a snapshot, once what the answer tells is released. */
  <T> void ask(
      Snapshot snapshot, Question<T> question, Consumer<T> then, Consumer<ErrnoException> failed) {
    try (TableView all = new TableView(snapshot.rows, snapshot.index, () -> {})) {
      MetadataView view =
          freshness.released() >= snapshot.index || !cluster.keeps(Rule.RELEASE_BEFORE_VISIBLE)
              ? all
              : new ReleasedView(all, this::requireReleased);
      then.accept(question.ask(view));
    } catch (NotReleasedException e) {
      freshness.whenReleased(e.upTo).thenRun(() -> ask(snapshot, question, then, failed));
    } catch (ErrnoException e) {
      failed.accept(e);
    }
  }

  private void requireReleased(InodeId inode, long upTo) {
    long last = Math.min(upTo, dirty.lastChange(inode));
    if (last > freshness.released()) {
      throw new NotReleasedException(last);
    }
  }

  MemoryStore rows() {
    return rows;
  }
}
