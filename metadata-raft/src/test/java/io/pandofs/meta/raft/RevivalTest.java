package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica that comes back in its process after its disk was full. */
class RevivalTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path dir;

  @Test
  void aLeaderComesBackWithNothingOfWhatItWas() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode hurt = cluster.leader();
      MetadataSession before = hurt.session();
      InodeId file = before.nextInode();
      before.submit(Tree.create(file, "before")).get(30, TimeUnit.SECONDS);
      final SessionId session = before.id();
      final ClusterAdmin admin = hurt.replica().admin();
      final BlockTables blocks = hurt.replica().blocks();
      TestNode other = cluster.follower();
      MetadataSession reader = other.session();

      hurt.replica().fail(new ReplicaFailure(ReplicaFailure.Kind.DISK_FULL, "a disk is full"));
      before.expired().get(30, TimeUnit.SECONDS);
      // A mount registers anew, and waits for the replica with that.
      MetadataSession after = hurt.session();
      assertThat(after.id()).isNotEqualTo(session);
      assertThat(hurt.status().failure()).isNull();
      try (MetadataView view = after.view()) {
        assertThat(view.lookup(InodeId.ROOT, Tree.name("before")).inode()).isEqualTo(file);
      }
      InodeId second = after.nextInode();
      assertThat(after.submit(Tree.create(second, "after")).get(30, TimeUnit.SECONDS).errno())
          .isEqualTo(Errno.OK);
      try (MetadataView view = reader.view()) {
        assertThat(view.lookup(InodeId.ROOT, Tree.name("after")).inode()).isEqualTo(second);
      }
      await().atMost(LONG).until(() -> sessionGone(other, session));
      await().atMost(LONG).until(() -> hurt.status().reads().fresh());
      // What was handed out before it failed is of the replica that runs now.
      assertThat(admin.list().peers()).hasSize(3);
      assertThat(blocks.nodes()).hasSize(3);
      assertThat(hurt.replica().quorumLostFor()).isZero();
      assertThat(hurt.resets.get()).isPositive();
      cluster.assertAlike();
    }
  }

  private static boolean sessionGone(TestNode node, SessionId session) {
    try (LocalSnapshot snapshot = node.snapshot()) {
      return snapshot.cluster().session(session) == null;
    }
  }

  private static final ReplicaFailure FULL =
      new ReplicaFailure(ReplicaFailure.Kind.DISK_FULL, "a disk is full");

  private static Revival revival(TestNode node, Revival.Reopening reopening) throws Exception {
    Revival revival = new Revival(node.config(null), node.surroundings(), node.data(), reopening);
    revival.watch(node.replica().live());
    return revival;
  }

  @Test
  void whatMayPassIsTriedAgainAndAnErrorOfTheDiskIsNot() throws Exception {
    try (TestNode node = new TestNode(dir, "one").bootstrap()) {
      CompletableFuture<Integer> back = new CompletableFuture<>();
      AtomicInteger tries = new AtomicInteger();
      Revival passing =
          revival(
              node,
              before -> {
                if (tries.incrementAndGet() < 3) {
                  throw new IOException("Address already in use");
                }
                back.complete(tries.get());
              });
      CountDownLatch read = new CountDownLatch(1);
      AtomicInteger reads = new AtomicInteger();
      Revival dying =
          revival(
              node,
              before -> {
                reads.incrementAndGet();
                read.countDown();
                throw new IOException("tables/000010.sst: Input/output error");
              });
      node.replica().fail(FULL);
      assertThat(back.get(30, TimeUnit.SECONDS)).isEqualTo(3);
      assertThat(read.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(reads.get()).as("that one stays fenced").isEqualTo(1);
      assertThat(passing.ended()).isNotDone();
      assertThat(dying.ended()).isNotDone();
      passing.close();
      dying.close();
    }
  }

  /** As it does at an entry of the log that it cannot read back. */
  @Test
  void aReplicaWhoseRaftServerStopsByItselfComesBack() throws Exception {
    try (TestNode node = new TestNode(dir, "one").bootstrap()) {
      MetadataSession before = node.session();
      CompletableFuture<ReplicaFailure> failed = node.replica().failed();
      node.replica().ratis().division().close();
      assertThat(failed.get(30, TimeUnit.SECONDS).kind()).isEqualTo(ReplicaFailure.Kind.STOPPED);
      before.expired().get(30, TimeUnit.SECONDS);
      MetadataSession after = node.session();
      after.submit(Tree.create(after.nextInode(), "after")).get(30, TimeUnit.SECONDS);
      assertThat(node.replica().ended()).isNotDone();
    }
  }

  /** Starts a replica anew each time it stops, until it ends or was started so often. */
  private static Revival stopping(TestNode node, Clock clock, CountDownLatch starts)
      throws Exception {
    Surroundings real = node.surroundings();
    AtomicReference<Revival> revival = new AtomicReference<>();
    revival.set(
        new Revival(
            node.config(null),
            new Surroundings(
                clock, real.scheduler(), real.connections(), real.memory(), real.random()),
            node.data(),
            before -> {
              starts.countDown();
              if (starts.getCount() > 0) {
                revival.get().watch(before);
              }
            }));
    revival.get().watch(node.replica().live());
    return revival.get();
  }

  @Test
  void aReplicaThatStopsByItselfAgainAndAgainEndsUnlessItRunsBetween() throws Exception {
    try (TestNode node = new TestNode(dir, "one").bootstrap()) {
      CountDownLatch starts = new CountDownLatch(2 * Revival.STOPS_MAX);
      Revival broken = stopping(node, node.clock, starts);
      HandClock hand = new HandClock();
      CountDownLatch others = new CountDownLatch(2 * Revival.STOPS_MAX);
      Revival slow =
          stopping(
              node,
              new Clock() {
                @Override
                public Timestamp now() {
                  return hand.now();
                }

                @Override
                public long nanoTime() {
                  hand.pass(Revival.RUNS.toNanos());
                  return hand.nanoTime();
                }
              },
              others);
      node.replica().fail(new ReplicaFailure(ReplicaFailure.Kind.STOPPED, "by itself"));
      ReplicaFailure ended = broken.ended().get(30, TimeUnit.SECONDS);
      assertThat(ended.kind()).isEqualTo(ReplicaFailure.Kind.DEFECT);
      assertThat(ended.reason()).contains("by itself");
      assertThat(starts.getCount()).isEqualTo(Revival.STOPS_MAX + 1);
      assertThat(others.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(slow.ended()).isNotDone();
      broken.close();
      slow.close();
    }
  }

  /** As when fsck reads the tables of the replica that has failed. */
  @Test
  void tablesThatAreStillReadAreWaitedFor() throws Exception {
    Path used = Files.createDirectories(dir.resolve("used"));
    try (TestNode node = new TestNode(dir, "one").bootstrap();
        RocksMemory memory = new RocksMemory(16 << 20, 8 << 20)) {
      LiveTables read = LiveTables.open(used, memory);
      CompletableFuture<Void> back = new CompletableFuture<>();
      AtomicBoolean tried = new AtomicBoolean();
      Revival revival =
          revival(
              node,
              before -> {
                if (tried.getAndSet(true)) {
                  read.close();
                }
                LiveTables.open(used, memory).close();
                back.complete(null);
              });
      node.replica().fail(FULL);
      back.get(30, TimeUnit.SECONDS);
      assertThat(revival.ended()).isNotDone();
      revival.close();
    }
  }

  @Test
  void whoWasRemovedMeanwhileEndsAsRemoved() throws Exception {
    try (TestNode node = new TestNode(dir, "one").bootstrap()) {
      node.data().write(node.data().identity().removed());
      CompletableFuture<ReplicaFailure> ended = node.replica().ended();
      node.replica().fail(FULL);
      assertThat(ended.get(30, TimeUnit.SECONDS).kind()).isEqualTo(ReplicaFailure.Kind.REMOVED);
      assertThatThrownBy(node::session).isInstanceOf(ErrnoException.class);
    }
  }

  @Test
  void closingWaitsForAReopeningThatHasBegun() throws Exception {
    try (TestNode node = new TestNode(dir, "one").bootstrap()) {
      CountDownLatch begun = new CountDownLatch(1);
      AtomicBoolean over = new AtomicBoolean();
      Revival revival =
          revival(
              node,
              before -> {
                begun.countDown();
                try {
                  // Longer than a close takes that does not wait.
                  over.set(!new CountDownLatch(1).await(500, TimeUnit.MILLISECONDS));
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
              });
      node.replica().fail(FULL);
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      revival.close();
      assertThat(over).isTrue();
    }
  }

  @Test
  void whatIsKnownOfTheDropSetIsForgottenWithTheTables() throws Exception {
    BlockTables sets = new BlockTables(new HandClock());
    try (RocksMemory memory = new RocksMemory(16 << 20, 8 << 20);
        LiveTables before = withDropped(memory, "before", 50, new BlockId(7));
        LiveTables older = withDropped(memory, "older", 10, new BlockId(3))) {
      sets.bind(before, new AppliedGate());
      assertThat(sets.dropped(10)).extracting(BlockTables.Dropped::index).containsExactly(50L);
      sets.bind(older, new AppliedGate());
      assertThat(sets.dropped(10)).extracting(BlockTables.Dropped::index).containsExactly(10L);
    }
  }

  private LiveTables withDropped(RocksMemory memory, String name, long index, BlockId block)
      throws Exception {
    LiveTables tables = LiveTables.open(Files.createDirectories(dir.resolve(name)), memory);
    tables.changeLocal(
        change -> change.putLocal(LocalTable.DROP, LocalSets.dropKey(index, block), new byte[0]));
    return tables;
  }
}
