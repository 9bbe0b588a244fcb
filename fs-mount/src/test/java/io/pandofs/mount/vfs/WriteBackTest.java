package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import io.pandofs.meta.testing.LocalMetadataSession;
import io.pandofs.meta.testing.LocalTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The parts that carry written bytes and leases, on one thread and on a clock held in hand. */
@Timeout(60)
class WriteBackTest {

  private static final int LONG = 950 << 10;
  private static final long WINDOW = NewBlock.BYTES_MAX;
  private static final Executor HERE = Runnable::run;

  private final TestClock clock = new TestClock();
  private final LocalTree tree = new LocalTree();
  private final AtomicInteger allocationsLeft = new AtomicInteger(Integer.MAX_VALUE);
  private final BufferPool pool = new BufferPool(64L << 20, this::allocate);
  private final WriteBudget budget = new WriteBudget(64L << 20, clock, bytes -> {});
  private final LostData lostData = new LostData();
  private final OpenFiles openFiles =
      new OpenFiles(pool, budget, lostData, new KeptByKernel(), clock);
  private final LocalMetadataSession other = tree.newSession();
  private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
  private Executor carriers = HERE;
  private Sessions sessions;
  private WriteBack writeBack;
  private Leases leases;
  private Coherence coherence;

  @BeforeEach
  void wire() throws IOException {
    sessions = new Sessions(tree::newSession, openFiles);
    writeBack =
        new WriteBack(
            sessions,
            new MemoryBlocks(tree),
            pool,
            budget,
            openFiles,
            lostData,
            clock,
            HERE,
            task -> carriers.execute(task),
            Duration.ofSeconds(10),
            () -> false);
    coherence = new Coherence(sessions, openFiles, clock, Duration.ofSeconds(10), true);
    leases =
        new Leases(
            sessions,
            openFiles,
            writeBack,
            coherence,
            new DirectoryUse(clock, true),
            clock,
            HERE,
            scheduler);
    openFiles.onRecall(leases);
  }

  @AfterEach
  void end() {
    scheduler.shutdownNow();
  }

  private ByteBuffer allocate(int bytes) {
    if (allocationsLeft.getAndDecrement() <= 0) {
      throw new OutOfMemoryError("planted");
    }
    return ByteBuffer.allocate(bytes);
  }

  /** A file whose lease a session holds. */
  private static InodeId create(MetadataSession session) throws Exception {
    InodeId inode = session.nextInode();
    Operation create =
        new Operation.Create(
            InodeId.ROOT,
            FileName.ofText("f"),
            inode,
            FileType.REGULAR,
            CreateMode.of(0644),
            0,
            null,
            true,
            true);
    submit(session, create);
    return inode;
  }

  private static List<OpenFile.Batch> write(OpenFile file, long offset, int bytes)
      throws Exception {
    ByteBuffer source = ByteBuffer.allocate(bytes);
    return file.write(offset, source, Volume.USER, Timestamp.EPOCH, 0, 0, Long.MAX_VALUE);
  }

  private static void submit(MetadataSession session, Operation operation) {
    Request request = new Request(operation, Caller.ROOT, Timestamp.EPOCH);
    assertThat(session.submit(request).join().errno()).isEqualTo(Errno.OK);
  }

  @Test
  void aRecallDuringAWriteUnderAKeptLeaseIsNotForgotten() throws Exception {
    InodeId inode = create(other);
    other.onRecall(
        wanted -> {
          submit(other, new Operation.ReleaseLeases(List.of(wanted)));
          return CompletableFuture.completedFuture(null);
        });
    OpenFile file = openFiles.acquire(inode);
    leases.enter(file, coherence.deadline());
    assertThat(file.lease().keptNanos()).isPositive();
    CompletableFuture<Void> back = leases.giveBack(inode);
    leases.exit(file);
    assertThat(back).isNotDone();
    clock.pass(Duration.ofSeconds(1));
    await().until(back::isDone);
    assertThat(tree.holder(inode)).isNull();
  }

  @Test
  void whoHearsLateOfTheEndOfASessionTakesNothingOfTheNext() throws Exception {
    MetadataSession old = sessions.present();
    OpenFile file = openFiles.acquire(create(other));
    CountDownLatch running = new CountDownLatch(1);
    Thread late =
        new Thread(
            () -> {
              running.countDown();
              openFiles.lost(old);
            });
    long asked;
    synchronized (file) {
      openFiles.lost(old);
      late.start();
      running.await();
      await().until(() -> late.getState() == Thread.State.BLOCKED);
      openFiles.renewed(tree.newSession());
      file.lease().ask();
      asked = file.lease().generation();
      assertThat(file.lease().granted(asked, 0, false)).isTrue();
      assertThat(write(file, 0, 1)).isEmpty();
    }
    late.join();
    assertThat(file.lease().isHeld()).isTrue();
    assertThat(file.isDirty()).isTrue();
    assertThat(lostData.untoldFiles()).isZero();
  }

  @Test
  void wantOfMemoryOnTheWayLosesTheBatchAndNoBuffer() throws Exception {
    InodeId inode = create(other);
    submit(other, new Operation.ReleaseLeases(List.of(inode)));
    OpenFile file = openFiles.acquire(inode);
    leases.enter(file, coherence.deadline());
    // Two blocks of several runs each, and memory for one of them.
    List<OpenFile.Batch> batches = new ArrayList<>(write(file, 4 * WINDOW + LONG + 1, 1));
    for (long i = 0; i < 5; i++) {
      batches.addAll(write(file, i * WINDOW, LONG));
    }
    leases.exit(file);
    assertThat(batches).hasSize(1);
    allocationsLeft.set(1);
    assertThatCode(() -> writeBack.start(file, batches.get(0))).doesNotThrowAnyException();
    assertThat(file.tail()).isDone();
    assertFails(Errno.ENOMEM, () -> lostData.tellIfNobodyWas(inode));
    assertThat(budget.used()).isZero();
    // What the first block was gathered in is there again; there is no other buffer so large.
    assertThatCode(() -> pool.take(NewBlock.BYTES_MAX)).doesNotThrowAnyException();
  }

  @Test
  void aFileIsInTheQueueOfTheCarriersOnce() throws Exception {
    InodeId inode = create(other);
    submit(other, new Operation.ReleaseLeases(List.of(inode)));
    OpenFile file = openFiles.acquire(inode);
    leases.enter(file, coherence.deadline());
    List<Runnable> queue = new ArrayList<>();
    carriers = queue::add;
    for (int round = 0; round < 3; round++) {
      assertThat(write(file, round, 1)).isEmpty();
      CompletableFuture<Void> first = writeBack.flushInBackground(file);
      for (int i = 0; i < 100; i++) {
        assertThat(writeBack.flushInBackground(file)).isNotDone();
      }
      assertThat(queue).hasSize(1);
      queue.remove(0).run();
      assertThat(first).isDone();
      assertThat(file.isDirty()).isFalse();
    }
    carriers =
        task -> {
          throw new RejectedExecutionException();
        };
    assertThat(write(file, 0, 1)).isEmpty();
    assertThat(writeBack.flushInBackground(file)).isDone();
    carriers = HERE;
    assertThat(writeBack.flushInBackground(file)).isDone();
    assertThat(file.isDirty()).isFalse();
    leases.exit(file);
  }

  @Test
  void whatWasToldAndIsOpenNowhereIsForgotten() throws Exception {
    InodeId inode = create(other);
    OpenFile file = openFiles.acquire(inode);
    lostData.lost(inode, Errno.EIO);
    assertThat(lostData.tell(inode)).isEqualTo(1);
    assertThat(lostData.untold(inode, 0)).isEqualTo(Errno.EIO);
    openFiles.release(file);
    assertThat(lostData.untold(inode, 0)).isNull();
    OpenFile again = openFiles.acquire(inode);
    lostData.lost(inode, Errno.EIO);
    openFiles.release(again);
    assertThat(lostData.untold(inode, 0)).isEqualTo(Errno.EIO);
    assertThat(lostData.untoldFiles()).isEqualTo(1);
  }
}
