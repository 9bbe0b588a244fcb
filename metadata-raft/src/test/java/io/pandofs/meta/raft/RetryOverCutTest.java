package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.engine.TableCheck;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Operations whose answers were lost are sent again when nothing of the first try is left in
 * anybody's memory: Ratis remembers answers for a second, the log was purged behind a checkpoint,
 * all nodes but one were restarted, and the leader is one that was away at the first try and has
 * what it knows of it from a checkpoint of another node.
 */
class RetryOverCutTest {
  private static final LogLimits PURGING =
      new LogLimits(40, 1 << 20, Duration.ofSeconds(5), 1, 0, 8 << 10);
  private static final int RECORD = 8;

  @TempDir Path dir;
  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);
  private final ExecutorService wire = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    scheduler.shutdownNow();
    wire.shutdownNow();
  }

  /** The way to whoever leads, in order; it loses the answers of one batch and is cut then. */
  private final class CutWay implements Function<byte[], CompletableFuture<LogReply>> {
    private final TestCluster cluster;
    private final CompletableFuture<LogReply> lost = new CompletableFuture<>();

    /** How many operations the batch has that is lost. */
    private volatile int losing;

    private volatile boolean isCut;
    private final AtomicInteger refused = new AtomicInteger();

    CutWay(TestCluster cluster) {
      this.cluster = cluster;
    }

    @Override
    public CompletableFuture<LogReply> apply(byte[] entry) {
      return CompletableFuture.supplyAsync(() -> send(entry), wire);
    }

    private LogReply send(byte[] bytes) {
      try {
        if (isCut) {
          refused.incrementAndGet();
          throw new NoLeaderException("cut");
        }
        LogEntry entry = LogCodec.decodeEntry(ByteBuffer.wrap(bytes));
        LogReply reply = cluster.leader().propose(entry);
        if (entry instanceof LogEntry.Batch batch && batch.requests().size() == losing) {
          losing = 0;
          isCut = true;
          lost.complete(reply);
          throw new IOException("lost");
        }
        return reply;
      } catch (IOException e) {
        throw new CompletionException(e);
      } catch (MalformedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private BatchSender sender(SessionId session, CutWay way) {
    SystemClock clock = new SystemClock();
    LeaderEvents events = new LeaderEvents();
    Retry retry = new Retry(clock, scheduler, events);
    long patience = Duration.ofMinutes(10).toNanos();
    return new BatchSender(
        session, way, events, retry, clock, scheduler, scheduler, patience, () -> {});
  }

  @Test
  void takesEffectOnce() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, RetryOverCutTest::setUp)) {
      TestNode first = cluster.leader();
      // A node that restarts ends the sessions it had before.
      TestNode steady = cluster.follower();
      TestNode away =
          cluster.nodes.stream()
              .filter(node -> node != first && node != steady)
              .findFirst()
              .orElseThrow();
      LogEntry register =
          new LogEntry.RegisterSession(steady.status().node(), new Timestamp(1_700_000_000, 0));
      SessionId session = new SessionId(first.propose(register).number());
      CutWay way = new CutWay(cluster);
      BatchSender sender = sender(session, way);
      final long inode = reserve(sender, NumberKind.INODE);
      final long serial = reserve(sender, NumberKind.BLOCK_SERIAL);
      InodeId log = new InodeId(inode + 8);
      Placement placement = steady.replica().blocks().placement();
      Operation born =
          new Operation.Create(
              InodeId.ROOT,
              Tree.name("log"),
              log,
              FileType.REGULAR,
              CreateMode.of(0644),
              0,
              null,
              true,
              true);
      ok(sender.send(Tree.request(born), false, Unwatched.PROGRESS));
      ok(
          sender.send(
              append(log, 0, BlockId.ofSerial(serial), placement), true, Unwatched.PROGRESS));
      away.kill();

      List<Request> operations = operations(inode);
      operations.add(append(log, RECORD, BlockId.ofSerial(serial + 1), placement));
      List<CompletableFuture<Reply>> answers = sendTogether(sender, way, operations);
      LogReply lost = way.lost.get(20, TimeUnit.SECONDS);
      assertThat(lost.replies()).allSatisfy(r -> assertThat(r.errno()).isEqualTo(Errno.OK));
      makeAnotherLeadFromACheckpoint(cluster, steady, away);
      assertThat(way.refused.get()).as("tries while it was cut").isGreaterThan(2);
      assertThat(answers).noneMatch(CompletableFuture::isDone);

      way.isCut = false;
      for (int i = 0; i < operations.size(); i++) {
        assertThat(answers.get(i).get(30, TimeUnit.SECONDS))
            .as("%s", operations.get(i).operation())
            .isEqualTo(lost.replies().get(i));
      }
      cluster.assertAlike();
      Reply next =
          sender
              .send(Tree.create(new InodeId(inode + 9), "excl"), false, Unwatched.PROGRESS)
              .get(30, TimeUnit.SECONDS);
      assertThat(next.errno()).isEqualTo(Errno.EEXIST);
      assertAppendedOnce(cluster.leader(), log, serial);
      sender.end();
    }
  }

  private static void setUp(TestNode node) {
    node.limits = PURGING;
    // The session is nobody's: it is not renewed, and must outlive the cut.
    node.timing =
        RaftTiming.SHARED_CORES.withSession(Duration.ofMinutes(10), Duration.ofSeconds(1));
  }

  private static long reserve(BatchSender sender, NumberKind kind) throws Exception {
    return ok(sender.send(
            Tree.request(new Operation.ReserveNumbers(kind, 16)), false, Unwatched.PROGRESS))
        .number();
  }

  private static Reply ok(CompletableFuture<Reply> answer) throws Exception {
    Reply reply = answer.get(30, TimeUnit.SECONDS);
    assertThat(reply.errno()).isEqualTo(Errno.OK);
    return reply;
  }

  /** Has them travel in one batch, whose answer is lost: nothing is sent until all are there. */
  private List<CompletableFuture<Reply>> sendTogether(
      BatchSender sender, CutWay way, List<Request> operations) throws Exception {
    way.losing = operations.size();
    CountDownLatch all = new CountDownLatch(1);
    CompletableFuture<Void> held = CompletableFuture.runAsync(() -> pass(all), scheduler);
    List<CompletableFuture<Reply>> answers = new ArrayList<>();
    operations.forEach(request -> answers.add(sender.send(request, true, Unwatched.PROGRESS)));
    all.countDown();
    held.get(20, TimeUnit.SECONDS);
    return answers;
  }

  private static void pass(CountDownLatch gate) {
    try {
      if (!gate.await(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody opens the gate");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Leaves nothing of what was in memory but in {@code steady}, and lets {@code away} lead. */
  private static void makeAnotherLeadFromACheckpoint(
      TestCluster cluster, TestNode steady, TestNode away) throws Exception {
    TestNode first = cluster.leader();
    long then = first.status().applied();
    for (int i = 0; Math.min(begins(first), begins(steady)) <= then; i++) {
      MembershipTest.fill(cluster.leader(), "more" + i, 80);
      assertThat(i).as("rounds without a purge").isLessThan(100);
    }
    int installed = away.resets.get();
    away.start();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> away.status().applied() >= first.status().applied());
    assertThat(away.resets.get()).as("checkpoints installed").isGreaterThan(installed);
    // Refused as long as the newcomer lags.
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              cluster
                  .leader()
                  .replica()
                  .ratis()
                  .transfer(away.status().node())
                  .exceptionally(e -> null)
                  .get();
              return cluster.leader() == away;
            });
    first.kill();
    first.start();
    MembershipTest.fill(cluster.leader(), "again", 10);
    assertThat(cluster.leader()).isSameAs(away);
  }

  private static void assertAppendedOnce(TestNode node, InodeId log, long serial) throws Exception {
    try (MetadataView view = node.snapshot().view()) {
      assertThat(view.attributes(log).sizeBytes()).isEqualTo(2 * RECORD);
      assertThat(view.extents(log, 0, Long.MAX_VALUE))
          .containsExactly(
              new Extent(0, RECORD, BlockId.ofSerial(serial), 0),
              new Extent(RECORD, RECORD, BlockId.ofSerial(serial + 1), 0));
    }
    try (LocalSnapshot snapshot = node.snapshot()) {
      assertThat(TableCheck.of(snapshot.store()).problems()).isEmpty();
    }
  }

  /** The first index in a node's log. */
  private static long begins(TestNode node) {
    try {
      return LogFiles.firstIndex(InstallTest.current(node));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a mount that holds a file's lease makes of a write with O_APPEND. */
  private static Request append(InodeId file, long offset, BlockId block, Placement placement) {
    NewBlock put =
        new NewBlock(block, RECORD, 7, placement.epoch(), placement.replicas(block.group()));
    return Tree.request(
        new Operation.Write(file, List.of(new Extent(offset, RECORD, block, 0)), List.of(put)));
  }

  /** Each of them fails when it is done a second time. */
  private static List<Request> operations(long inode) {
    InodeId root = InodeId.ROOT;
    return new ArrayList<>(
        List.of(
            Tree.create(new InodeId(inode), "excl"),
            Tree.request(new Operation.Link(new InodeId(inode), root, Tree.name("linked"))),
            Tree.create(new InodeId(inode + 1), "from"),
            Tree.request(new Operation.Rename(root, Tree.name("from"), root, Tree.name("to"), 0)),
            Tree.request(
                new Operation.Create(
                    root,
                    Tree.name("dir"),
                    new InodeId(inode + 2),
                    FileType.DIRECTORY,
                    0755,
                    0,
                    null,
                    true)),
            Tree.request(new Operation.RemoveDirectory(root, Tree.name("dir")))));
  }
}
