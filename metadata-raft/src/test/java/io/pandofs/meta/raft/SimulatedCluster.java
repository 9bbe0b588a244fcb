package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.MemoryStore;
import io.pandofs.meta.engine.TableHash;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.simulation.Host;
import io.pandofs.meta.simulation.ModelPeer;
import io.pandofs.meta.simulation.ModelRaft;
import io.pandofs.meta.simulation.Nemesis;
import io.pandofs.meta.simulation.Network;
import io.pandofs.meta.simulation.World;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * A whole cluster in one thread: nodes with a mount each, whose programs create, remove and rename
 * names, change attributes, write and read files under leases, and look at all of it, while a
 * nemesis does its work. Every answer is judged by {@link Truth} and {@link FileTruth}; in the end
 * every acknowledged change must be there, and all tables be alike.
 */
final class SimulatedCluster {
  static final long SECOND = 1_000_000_000;
  private static final long WATCH_NANOS_MAX = SECOND / 80;
  private static final int NAMES = 4;
  private static final int FILES = 2;
  private static final InodeId ROOT = InodeId.ROOT;

  private final Shape shape;
  private final World world;
  private final Network network;
  private final Set<Rule> broken;
  private final CrookedEngine engine;
  private final List<Host> hosts = new ArrayList<>();
  private final Map<Integer, Host> everyHost = new TreeMap<>();
  private final Map<Integer, SimulatedNode> nodes = new TreeMap<>();
  private final ModelRaft raft;
  private final Nemesis nemesis;
  private final SimulatedMembers members;
  private final Truth truth;
  private final FileTruth files;
  private final Set<String> acknowledgedNames = new HashSet<>();

  /** Where in the log a request was done and what it answered then. */
  private record Done(long index, Reply reply) {}

  /** By the request's time, which is nobody else's. */
  private final Map<Timestamp, Done> done = new HashMap<>();

  private final Set<SessionId> endedByOwners = new HashSet<>();

  /** By true time. */
  private final Map<SessionId, Long> renewedNanos = new HashMap<>();

  private long appliedUpTo;
  private boolean working = true;
  private final List<InodeId> made = new ArrayList<>();
  private long values;

  SimulatedCluster(long seed, Shape shape, Set<Rule> broken) {
    this.shape = shape;
    this.world = new World(seed);
    this.network = new Network(world);
    this.broken = broken;
    this.truth = new Truth(world);
    this.files = new FileTruth(world);
    this.engine = new CrookedEngine(this::keeps);
    this.members = new SimulatedMembers(this);
    for (int i = 1; i <= shape.nodes(); i++) {
      hosts.add(newHost(i));
    }
    this.raft =
        new ModelRaft(
            world,
            network,
            hosts,
            shape.electionNanos(),
            new ModelRaft.Care(
                keeps(Rule.DURABLE_BEFORE_PURGED),
                keeps(Rule.NO_VOTE_AFTER_A_LOSS),
                keeps(Rule.ONE_VOTER_AT_A_TIME)));
    this.nemesis =
        new Nemesis(
            world,
            network,
            hosts,
            shape.longTroubles(),
            shape.changing(),
            this::start,
            host -> members.isSettled() && raft.lose(host));
  }

  private Host newHost(int number) {
    double rates = keeps(Rule.CLOCKS_AGREE) ? 0.0095 : 0.6;
    Host host = new Host(world, number, 1 + (world.random().nextDouble() - 0.5) * rates);
    everyHost.put(number, host);
    return host;
  }

  boolean keeps(Rule rule) {
    return !broken.contains(rule);
  }

  CrookedEngine engine() {
    return engine;
  }

  Network network() {
    return network;
  }

  /** The machines of now. */
  List<Host> hosts() {
    return hosts;
  }

  SimulatedMembers members() {
    return members;
  }

  boolean isWorking() {
    return working;
  }

  /** The machine of a node, even if it is gone. */
  Host host(NodeId node) {
    return everyHost.get((int) node.value());
  }

  SimulatedNode node(Host host) {
    SimulatedNode node = nodes.get(host.number());
    if (node == null) {
      throw new IllegalStateException(host + " was never started");
    }
    return node;
  }

  Truth truth() {
    return truth;
  }

  FileTruth files() {
    return files;
  }

  long nextValue() {
    return ++values;
  }

  World world() {
    return world;
  }

  Shape shape() {
    return shape;
  }

  /** Lets it live under trouble, then heal, and judges what is left. */
  void run() {
    hosts.forEach(this::start);
    world.run(SECOND);
    prepare();
    network.alwaysSlow(shape.slow());
    nemesis.begin();
    hosts.forEach(host -> work(host.number()));
    hosts.forEach(host -> watch(host.number()));
    checkpoints();
    if (shape.changing()) {
      members.begin();
    }
    world.run(shape.lifeNanos());
    working = false;
    nemesis.end();
    await("the cluster does not heal", this::isHealed);
    judge();
  }

  private void start(Host host) {
    host.start();
    ModelPeer peer = raft.peer(host);
    SimulatedNode node = new SimulatedNode(this, host, peer);
    nodes.put(host.number(), node);
    peer.start(node);
    node.start();
  }

  // Members

  /** A machine with nothing on it becomes a node's, which does not vote yet. */
  void admit(NodeId node) {
    Host host = newHost((int) node.value());
    raft.add(host);
    hosts.add(host);
    start(host);
    work(host.number());
    watch(host.number());
  }

  /** A machine is gone for good. */
  void dismiss(Host host) {
    host.kill();
    hosts.remove(host);
    nodes.remove(host.number());
    raft.remove(host);
  }

  void befall(Host host) {
    if (hosts.contains(host)) {
      nemesis.befall(host);
    }
  }

  void split() {
    nemesis.split();
  }

  boolean hasLost(Host host) {
    return raft.peer(host).hasLost();
  }

  /** Whether there is a majority of these voters without a node. */
  boolean canSpare(NodeId node, Set<Integer> voters) {
    return raft.canSpare(host(node), voters);
  }

  private void await(String otherwise, BooleanSupplier what) {
    for (int i = 0; i < 300 && !what.getAsBoolean(); i++) {
      world.run(SECOND / 10);
    }
    if (!what.getAsBoolean()) {
      world.violated(otherwise);
      world.run(1);
    }
  }

  /** The volume, its nodes, and some files. */
  private void prepare() {
    List<LogEntry> entries = new ArrayList<>();
    entries.add(new LogEntry.Format(7, Caller.ROOT, Timestamp.EPOCH));
    for (Host host : hosts) {
      entries.add(SimulatedChanges.entry(host.toString()));
    }
    propose(entries, 0);
    await("no mount", () -> nodes.values().stream().allMatch(node -> node.mount().isReady()));
    for (int i = 0; i < FILES; i++) {
      made.add(nodes.get(1).mount().nextInode());
      nodes.get(1).mount().submit(create("f" + i, made.get(i)));
    }
    await("no files", () -> truth.changes() >= FILES + hosts.size());
  }

  private void propose(List<LogEntry> entries, int next) {
    if (next < entries.size()) {
      node(hosts.get(0))
          .propose(LogCodec.encode(entries.get(next)))
          .whenComplete(
              (reply, failure) ->
                  world.after(
                      SECOND / 100, () -> propose(entries, failure == null ? next + 1 : next)));
    }
  }

  private static Operation create(String name, InodeId inode) {
    return new Operation.Create(
        ROOT, Things.name(name), inode, FileType.REGULAR, 0644, 0, null, true);
  }

  private void checkpoints() {
    if (working) {
      Host host = hosts.get(world.random().nextInt(hosts.size()));
      if (host.isAlive() && !host.isPaused()) {
        raft.peer(host).checkpoint(shape.entriesKept());
      }
      world.after(
          world.between(shape.checkpointNanosMax() / 10, shape.checkpointNanosMax()),
          this::checkpoints);
    }
  }

  // Programs

  private void work(int number) {
    SimulatedNode node = nodes.get(number);
    if (working && node != null) {
      if (node.host().isAlive() && !node.host().isPaused() && node.mount().isReady()) {
        step(node.mount());
      }
      world.after(world.between(SECOND / 500, SECOND / 25), () -> work(number));
    }
  }

  /** Looks all the time: what is wrong may be so for a moment only. */
  private void watch(int number) {
    SimulatedNode node = nodes.get(number);
    if (working && node != null) {
      if (node.host().isAlive() && !node.host().isPaused() && node.mount().isReady()) {
        node.mount().look(Things.ROOT_MODIFIED);
      }
      world.after(world.between(0, WATCH_NANOS_MAX), () -> watch(number));
    }
  }

  private String someName() {
    return "n" + world.random().nextInt(NAMES);
  }

  private void step(SimulatedMount mount) {
    String name = someName();
    int number = world.random().nextInt(FILES);
    InodeId file = made.get(number);
    switch (world.random().nextInt(19)) {
      case 0 -> createOnce(mount);
      case 1 -> mount.submit(new Operation.Unlink(ROOT, Things.name(name)));
      case 2 -> mount.submit(create(name, mount.nextInode()));
      case 3 -> mount.submit(rename(name, someName()));
      case 4 -> mount.submit(touch());
      case 5, 6 -> mount.files().write(file);
      case 7, 8, 9 -> mount.files().read(file);
      case 10 -> mount.files().sync(file);
      case 11 -> mount.open(name);
      case 12 -> mount.close();
      case 13 -> mount.look(Things.ROOT_MODIFIED);
      case 14 -> mount.files().rename(file, rename("f" + number, "g" + number));
      case 15 -> mount.files().rename(file, rename("g" + number, "f" + number));
      case 16 -> mount.files().append(file);
      default -> mount.look(name);
    }
  }

  /** A checkpoint was installed: what it shows is looked at at once. */
  void installed(SimulatedNode node) {
    for (int i = 0; i < NAMES && working; i++) {
      String name = "n" + i;
      node.host().after(0, () -> node.mount().look(name));
    }
  }

  private static Operation.Rename rename(String from, String to) {
    return new Operation.Rename(ROOT, Things.name(from), ROOT, Things.name(to), 0);
  }

  private Operation touch() {
    Timestamp value = new Timestamp(++values, 0);
    return new Operation.SetAttributes(ROOT, null, null, null, null, null, value);
  }

  /** A name that nobody else makes: made once, whatever is sent again. */
  private void createOnce(SimulatedMount mount) {
    InodeId inode = mount.nextInode();
    String name = "u" + inode;
    mount
        .submit(create(name, inode))
        .thenAccept(
            reply -> {
              if (reply.errno() == Errno.EEXIST) {
                world.violated(name + " was made twice");
              }
              if (reply.errno().isOk()) {
                acknowledgedNames.add(name);
              }
            });
  }

  Request request(Operation operation) {
    return new Request(operation, Caller.ROOT, new Timestamp(1_800_000_000 + ++values, 0));
  }

  // Judging

  /** A node applied an entry; what it changed is noted when it is the first to do so. */
  void applied(long index, LogEntry entry, LogReply reply, Set<String> things, MemoryStore rows) {
    if (index <= appliedUpTo) {
      return;
    }
    appliedUpTo = index;
    world.detail(() -> index + ": " + entry);
    if (entry instanceof LogEntry.Format) {
      things.add(Things.ROOT_MODIFIED);
    }
    try (TableView view = new TableView(rows, index, () -> {})) {
      for (String thing : things) {
        truth.changed(thing, index, Things.show(view, thing));
      }
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
    if (entry instanceof LogEntry.Batch batch) {
      for (int i = 0; i < reply.replies().size(); i++) {
        applied(index, batch.requests().get(i), reply.replies().get(i));
      }
    } else if (entry instanceof LogEntry.ExpireSession expire) {
      files.ended(expire.session());
      nodes.values().forEach(node -> node.mount().expired(expire.session()));
      expired(expire.session());
    } else if (entry instanceof LogEntry.Reap reap) {
      reap.orphans().forEach(inode -> reaped(inode, new ClusterView(rows)));
    }
  }

  /** The node of a session ends it itself. */
  void endsOwn(SessionId session) {
    endedByOwners.add(session);
  }

  /** The last time that a session's mount asked to have it renewed and was heard. */
  void renewed(SessionId session, long sentNanos) {
    renewedNanos.merge(session, sentNanos, Math::max);
  }

  /**
   * No quorum, no expiry (PROTOCOL rule 20): a session that was renewed just before all were alone
   * for long has its whole time again when they are together.
   */
  private void expired(SessionId session) {
    long quarter = shape.sessionNanos() / 4;
    long renewed = renewedNanos.getOrDefault(session, Long.MIN_VALUE);
    if (!endedByOwners.contains(session)
        && nemesis.wereAlone(3 * quarter, 2 * quarter)
        && renewed >= nemesis.aloneFromNanos() - quarter) {
      world.violated(session + " is ended as soon as there is a majority again");
    }
  }

  private void applied(long index, Request request, Reply reply) {
    boolean first = done.putIfAbsent(request.time(), new Done(index, reply)) == null;
    boolean sized =
        request.operation() instanceof Operation.SetAttributes set && set.sizeBytes() != null;
    if (first && sized && reply.errno().isOk()) {
      files.applied(((Operation.SetAttributes) request.operation()).sizeBytes());
    }
  }

  private void reaped(InodeId inode, ClusterView tables) {
    for (SimulatedNode node : nodes.values()) {
      if (node.mount().holds(inode, tables)) {
        world.violated(inode + " is freed and open on " + node.host());
      }
    }
  }

  /** An operation was answered: as it was when it was done, and not sooner. */
  Reply answered(Request request, Reply reply) {
    Done first = done.get(request.time());
    if (reply.errno() == Errno.EIO) {
      return reply;
    }
    if (first == null) {
      world.violated("answered " + reply + " and never done: " + request);
    } else if (!first.reply.equals(reply)) {
      world.violated(request + " was answered " + reply + ", at first " + first.reply);
    } else {
      truth.acknowledged(first.index);
    }
    return reply;
  }

  private SimulatedNode anyNode() {
    return nodes.values().iterator().next();
  }

  private boolean isHealed() {
    long first = anyNode().index();
    boolean mounted = members.isSettled();
    for (SimulatedNode node : nodes.values()) {
      mounted &= node.mount().isReady() && node.index() == first;
    }
    return mounted;
  }

  private void judge() {
    byte[] first = TableHash.of(anyNode().rows());
    for (SimulatedNode node : nodes.values()) {
      if (!Arrays.equals(first, TableHash.of(node.rows()))) {
        world.violated("tables differ");
      }
    }
    try (TableView view = new TableView(anyNode().rows(), 0, () -> {})) {
      for (String name : acknowledgedNames) {
        if (Things.show(view, name).equals("nothing")) {
          world.violated(name + " was acknowledged and is gone");
        }
      }
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
    world.run(1);
  }
}
