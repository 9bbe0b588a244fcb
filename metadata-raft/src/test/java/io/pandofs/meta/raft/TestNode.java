package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.FrameServer;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Tls;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.rocksdb.RocksMemory;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A replica in this process with real sockets, real Ratis and real tables, that can be killed. */
final class TestNode implements AutoCloseable {
  private static final int PORTS_BEGIN = 10_000;
  private static final int PORTS_END = 20_000;

  /** Processes that test at the same time begin at different places. */
  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(PORTS_BEGIN, PORTS_END));

  static final Duration PATIENCE = Duration.ofSeconds(30);

  final Path dataDir;
  final String name;
  final AtomicInteger resets = new AtomicInteger();
  final AtomicInteger needs = new AtomicInteger();
  final AtomicInteger heldCommits = new AtomicInteger();
  final AtomicInteger drops = new AtomicInteger();
  final Queue<InodeId> replaced = new ConcurrentLinkedQueue<>();

  /** What this node's block store has, as its replica is told. */
  final Set<BlockId> held = ConcurrentHashMap.newKeySet();

  RaftTiming timing = RaftTiming.SHARED_CORES;
  LogLimits limits = LogLimits.DEFAULT;
  Clock clock = new SystemClock();
  @Nullable NodeSecurity security;
  private volatile long mutedUntil = clock.nanoTime();

  private InetSocketAddress raft = freePort();
  private InetSocketAddress control = freePort();
  private final InetSocketAddress blocks = freePort();
  private @Nullable NetThreads threads;
  private @Nullable FrameServer server;
  private @Nullable NettyConnections connections;
  private @Nullable ScheduledExecutorService scheduler;
  private @Nullable DataDirectory data;
  private @Nullable RocksMemory memory;
  private @Nullable MetadataReplica replica;

  TestNode(Path parent, String name) {
    this.name = name;
    this.dataDir = parent.resolve(name);
  }

  /**
   * A port that nobody listens on, another each time. Below the range that the kernel gives to
   * outgoing connections (32768 and up), so that it stays free while a node is down.
   */
  static InetSocketAddress freePort() {
    while (true) {
      int port = NEXT_PORT.updateAndGet(last -> last + 1 < PORTS_END ? last + 1 : PORTS_BEGIN);
      InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(address);
        return address;
      } catch (BindException e) {
        // Somebody else's: the next one.
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static String text(InetSocketAddress address) {
    return "127.0.0.1:" + address.getPort();
  }

  String raft() {
    return text(raft);
  }

  /** From its next start on it listens elsewhere. */
  void move() {
    raft = freePort();
    control = freePort();
  }

  String control() {
    return text(control);
  }

  /** Says from now on that its Raft server is where another's is. */
  void pretend(TestNode other) {
    raft = other.raft;
  }

  ReplicaConfig config(@Nullable NodeSecurity with) {
    return new ReplicaConfig(
        dataDir, name, raft, text(raft), text(control), text(blocks), with, timing, limits);
  }

  Surroundings surroundings() {
    if (scheduler == null || connections == null || memory == null) {
      throw new IllegalStateException(name + " is not running");
    }
    return new Surroundings(clock, scheduler, muted(connections), memory, new SecureRandom());
  }

  DataDirectory data() {
    if (data == null) {
      throw new IllegalStateException(name + " is not running");
    }
    return data;
  }

  /** Puts the parts together without starting the replica. */
  MetadataReplica make() throws IOException {
    threads = new NetThreads("net-" + name, 2);
    connections = new NettyConnections(threads, peers(), NettyConnections.Limits.DEFAULT);
    scheduler = Executors.newScheduledThreadPool(1);
    data = DataDirectory.lock(dataDir);
    memory = new RocksMemory(16 << 20, 8 << 20);
    ReplicaConfig config = config(security);
    MetadataReplica made =
        new MetadataReplica(
            config,
            surroundings(),
            data,
            new ReplicaListener() {
              @Override
              public void onReset() {
                resets.incrementAndGet();
              }

              @Override
              public boolean holds(BlockId block, int length, int crc32c) {
                return held.contains(block);
              }

              @Override
              public void onHeld() {
                heldCommits.incrementAndGet();
              }

              @Override
              public void onNeeded() {
                needs.incrementAndGet();
              }

              @Override
              public void onDropped() {
                drops.incrementAndGet();
              }

              @Override
              public void onReplaced(Set<InodeId> files) {
                replaced.addAll(files);
              }
            });
    replica = made;
    server =
        security == null
            ? FrameServer.bind(threads, control, made.control(), FrameServer.Limits.DEFAULT)
            : FrameServer.bind(
                threads,
                control,
                Tls.memberThatTakesNewcomers(
                    security.keyring(), security.admission(), ControlMethods::isOpenToNewcomers),
                made.control(),
                FrameServer.Limits.DEFAULT);
    return made;
  }

  /** Lets none of this node's confirmations out for a while. */
  void muteConfirmations(Duration time) {
    mutedUntil = clock.nanoTime() + time.toNanos();
  }

  private Connections muted(Connections out) {
    return new Connections() {
      @Override
      public CompletableFuture<Payload> call(
          InetSocketAddress to, int method, Payload request, Duration deadline) {
        if (method == ControlMethods.CONFIRM && clock.nanoTime() - mutedUntil < 0) {
          return CompletableFuture.failedFuture(new IOException("muted"));
        }
        return out.call(to, method, request, deadline);
      }

      @Override
      public Connections expecting(NodeId node) {
        return muted(out.expecting(node));
      }

      @Override
      public void close() {
        out.close();
      }
    };
  }

  private @Nullable Tls peers() {
    return security == null ? null : Tls.member(security.keyring(), security.admission());
  }

  /** Makes its directory the first node's of a new cluster with certificates. */
  void found() throws IOException {
    try (DataDirectory own = DataDirectory.lock(dataDir)) {
      new Enrolment(own, clock, new SecureRandom()).found();
      secure(own);
    }
  }

  /** Has a cluster with certificates let it in, without starting it. */
  void enrol(TestNode seed, JoinToken with) throws IOException {
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    try (DataDirectory own = DataDirectory.lock(dataDir);
        NetThreads net = new NetThreads("enrol", 1);
        NettyConnections newcomer =
            new NettyConnections(
                net, Tls.newcomer(with.authority()), NettyConnections.Limits.DEFAULT)) {
      ReplicaConfig config = config(null);
      new Enrolment(own, clock, new SecureRandom())
          .join(config, seed.control(), with, newcomer, timer, PATIENCE);
      secure(own);
    } finally {
      timer.shutdownNow();
    }
  }

  /** As a daemon does with a replica that must not be used again; the node is not started. */
  Identity joinAgain(TestNode seed) throws IOException {
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    try (DataDirectory own = DataDirectory.lock(dataDir);
        NetThreads net = new NetThreads("again", 1);
        NettyConnections shown =
            new NettyConnections(net, peers(), NettyConnections.Limits.DEFAULT)) {
      ReplicaConfig config = config(null);
      Identity identity =
          new Enrolment(own, clock, new SecureRandom())
              .joinAgain(config, seed.control(), shown, timer, PATIENCE);
      if (security != null) {
        secure(own);
      }
      return identity;
    } finally {
      timer.shutdownNow();
    }
  }

  /** Has its replica put aside, as damaged. */
  void putAside() throws IOException {
    try (DataDirectory own = DataDirectory.lock(dataDir)) {
      own.markDamaged("a bit was flipped");
      own.putAside();
    }
  }

  void secure() throws IOException {
    try (DataDirectory own = DataDirectory.lock(dataDir)) {
      secure(own);
    }
  }

  private void secure(DataDirectory own) throws IOException {
    security = new NodeSecurity(new Keyring(own.files().credentials()), own.files(), Admission.ALL);
  }

  TestNode bootstrap() throws IOException {
    make().bootstrap(PATIENCE);
    return this;
  }

  TestNode join(TestNode seed) throws IOException {
    make().join(seed.control(), PATIENCE);
    return this;
  }

  TestNode start() throws IOException {
    make().start(PATIENCE);
    return this;
  }

  MetadataReplica replica() {
    if (replica == null) {
      throw new IllegalStateException(name + " is not running");
    }
    return replica;
  }

  boolean isRunning() {
    return replica != null;
  }

  MetadataSession session() throws ErrnoException {
    return replica().openSession(QuorumLoss.waiting(PATIENCE));
  }

  ReplicaStatus status() throws ErrnoException {
    return replica().status();
  }

  /** This node's tables as they are. */
  LocalSnapshot snapshot() {
    return replica().snapshot();
  }

  /** Puts an entry into the log. */
  LogReply propose(LogEntry entry) throws IOException {
    return replica().propose(entry, PATIENCE);
  }

  /** Calls this node's control service as another node would. */
  CompletableFuture<Payload> call(TestNode from, int method, Payload request) {
    NettyConnections out = from.connections;
    if (out == null) {
      throw new IllegalStateException();
    }
    return out.call(control, method, request, Duration.ofSeconds(5));
  }

  /** It neither says nor hears anything any more; to be closed or killed afterwards. */
  void hang() throws IOException {
    if (server != null) {
      server.close();
    }
    if (connections != null) {
      connections.close();
    }
    replica().ratis().close();
  }

  /** Ends it without a word to the others: sockets first. */
  void kill() throws IOException {
    if (server != null) {
      server.close();
    }
    if (connections != null) {
      connections.close();
    }
    if (replica != null) {
      replica.abort();
    }
    rest();
  }

  @Override
  public void close() throws IOException {
    if (replica != null) {
      replica.close();
    }
    if (server != null) {
      server.close();
    }
    if (connections != null) {
      connections.close();
    }
    rest();
  }

  private void rest() throws IOException {
    replica = null;
    server = null;
    connections = null;
    if (threads != null) {
      threads.close();
      threads = null;
    }
    if (scheduler != null) {
      scheduler.shutdownNow();
      scheduler = null;
    }
    if (memory != null) {
      memory.close();
      memory = null;
    }
    if (data != null) {
      data.close();
      data = null;
    }
  }
}
