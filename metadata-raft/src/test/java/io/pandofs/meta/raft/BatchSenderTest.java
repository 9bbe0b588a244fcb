package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.engine.LocalEffects;
import io.pandofs.meta.engine.LogEngine;
import io.pandofs.meta.engine.MemoryStore;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against the real engine behind a leader that loses, delays, doubles and reorders. */
class BatchSenderTest {
  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2);
  private final MemoryStore store = new MemoryStore();
  private final LogEngine engine = new LogEngine();
  private final LeaderEvents events = new LeaderEvents();
  private final AtomicInteger fenced = new AtomicInteger();
  private long index;
  private SessionId session = new SessionId(1);

  @AfterEach
  void stop() {
    scheduler.shutdownNow();
  }

  private synchronized LogReply apply(LogEntry entry) {
    return engine.apply(entry, ++index, store, LocalEffects.NONE);
  }

  private LogReply applied(byte[] entry) {
    try {
      return apply(LogCodec.decodeEntry(ByteBuffer.wrap(entry)));
    } catch (MalformedException e) {
      throw new AssertionError(e);
    }
  }

  private void makeVolume() {
    apply(new LogEntry.Format(1, Caller.ROOT, Timestamp.EPOCH));
    apply(new LogEntry.RegisterNode(0, "n", "a:1", "a:2", "a:3"));
    session =
        new SessionId(apply(new LogEntry.RegisterSession(new NodeId(1), Timestamp.EPOCH)).number());
  }

  /** What may happen to a proposal. */
  private final class FaultyLeader implements Function<byte[], CompletableFuture<LogReply>> {
    private final Random random;
    private final double trouble;

    FaultyLeader(long seed, double trouble) {
      this.random = new Random(seed);
      this.trouble = trouble;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the answer is told by its own future
    public synchronized CompletableFuture<LogReply> apply(byte[] entry) {
      CompletableFuture<LogReply> answer = new CompletableFuture<>();
      long delayMicros = random.nextInt(2_000);
      if (random.nextDouble() >= trouble) {
        scheduler.schedule(
            () -> answer.complete(applied(entry)), delayMicros, TimeUnit.MICROSECONDS);
        return answer;
      }
      boolean isApplied = random.nextBoolean();
      boolean again = random.nextInt(4) == 0;
      scheduler.schedule(
          () -> {
            if (isApplied) {
              applied(entry);
            }
            answer.completeExceptionally(new IOException("lost"));
            if (again) {
              // A copy that an old leader had kept.
              scheduler.schedule(() -> applied(entry), 3 * delayMicros, TimeUnit.MICROSECONDS);
            }
          },
          delayMicros,
          TimeUnit.MICROSECONDS);
      return answer;
    }
  }

  private BatchSender sender(
      Function<byte[], CompletableFuture<LogReply>> log, long patienceMillis) {
    SystemClock clock = new SystemClock();
    return new BatchSender(
        session,
        log,
        events,
        new Retry(clock, scheduler, events),
        clock,
        scheduler,
        scheduler,
        TimeUnit.MILLISECONDS.toNanos(patienceMillis),
        fenced::incrementAndGet);
  }

  private static Request one() {
    return Tree.request(new Operation.ReserveNumbers(NumberKind.INODE, 1));
  }

  @Test
  void eachOperationOnceAndInOrderWhateverIsLostOrDoubled() throws Exception {
    for (long seed = 1; seed <= 6; seed++) {
      makeVolumeOnce();
      BatchSender sender = sender(new FaultyLeader(seed, 0.3), 60_000);
      List<CompletableFuture<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        replies.add(sender.send(one(), false, Unwatched.PROGRESS));
        if (i % 50 == 0) {
          sender.leaderChanged();
          replies.get(i).get(60, TimeUnit.SECONDS);
        }
      }
      long before = -1;
      for (CompletableFuture<Reply> future : replies) {
        Reply reply = future.get(60, TimeUnit.SECONDS);
        assertThat(reply.errno()).as("seed %d", seed).isEqualTo(Errno.OK);
        if (before >= 0) {
          assertThat(reply.number()).as("seed %d", seed).isEqualTo(before + 1);
        }
        before = reply.number();
      }
      sender.end();
    }
  }

  private void makeVolumeOnce() {
    if (index == 0) {
      makeVolume();
    } else {
      session =
          new SessionId(
              apply(new LogEntry.RegisterSession(new NodeId(1), Timestamp.EPOCH)).number());
    }
  }

  /** Runs what lingers when a test says so. */
  private static final class Patient extends ScheduledThreadPoolExecutor {
    final List<Runnable> lingering = new ArrayList<>();

    Patient() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      if (unit.toMillis(delay) == BatchSender.LINGER_MILLIS) {
        lingering.add(task);
        return super.schedule(() -> {}, 1, TimeUnit.DAYS);
      }
      return super.schedule(task, delay, unit);
    }

    /** What was to be done at once is done. */
    void settle() throws Exception {
      submit(() -> {}).get(20, TimeUnit.SECONDS);
    }
  }

  private static Request ahead() {
    return one().with(Standing.AHEAD);
  }

  /** What was answered ahead lingers, until it is full, or somebody waits for it. */
  @Test
  void whatNobodyWaitsForTravelsTogether() throws Exception {
    makeVolume();
    Patient patient = new Patient();
    List<Integer> sizes = new ArrayList<>();
    SystemClock clock = new SystemClock();
    BatchSender sender =
        new BatchSender(
            session,
            entry -> {
              LogReply reply = applied(entry);
              sizes.add(reply.replies().size());
              return CompletableFuture.completedFuture(reply);
            },
            events,
            new Retry(clock, patient, events),
            clock,
            patient,
            patient,
            TimeUnit.SECONDS.toNanos(60),
            () -> {});
    try {
      sendAhead(sender, 3);
      patient.settle();
      assertThat(sizes).as("nobody waits").isEmpty();
      assertThat(patient.lingering).hasSize(1);
      patient.lingering.remove(0).run();
      patient.settle();
      assertThat(sizes).containsExactly(3);

      sendAhead(sender, 2);
      CompletableFuture<Reply> waited = sender.send(one(), false, Unwatched.PROGRESS);
      assertThat(waited.get(20, TimeUnit.SECONDS).errno()).isEqualTo(Errno.OK);
      assertThat(sizes).as("with one that waits").containsExactly(3, 3);

      sendAhead(sender, 4);
      sender.hurry();
      patient.settle();
      assertThat(sizes).as("a barrier").containsExactly(3, 3, 4);

      sendAhead(sender, BatchSender.BATCH_REQUESTS_MAX);
      patient.settle();
      assertThat(sizes).as("a full batch").containsExactly(3, 3, 4, BatchSender.BATCH_REQUESTS_MAX);
    } finally {
      sender.end();
      patient.shutdownNow();
    }
  }

  private static void sendAhead(BatchSender sender, int count) {
    for (int i = 0; i < count; i++) {
      CompletableFuture<Reply> unused = sender.send(ahead(), true, Unwatched.PROGRESS);
    }
  }

  @Test
  void whatIsGivenUpKeepsItsPlaceAndTheNextOnesGoOn() throws Exception {
    makeVolume();
    FaultyLeader leader = new FaultyLeader(3, 0);
    AtomicBoolean leads = new AtomicBoolean();
    BatchSender sender =
        sender(
            entry ->
                leads.get()
                    ? leader.apply(entry)
                    : CompletableFuture.failedFuture(new NoLeaderException("none")),
            200);
    List<CompletableFuture<Reply>> lost = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      lost.add(sender.send(one(), false, Unwatched.PROGRESS));
    }
    for (CompletableFuture<Reply> reply : lost) {
      assertThat(reply.get(20, TimeUnit.SECONDS).errno()).isEqualTo(Errno.EIO);
    }
    leads.set(true);
    events.changed();
    // The first ones may still wait behind what was given up, longer than this short patience.
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                sender
                    .send(one(), false, Unwatched.PROGRESS)
                    .get(20, TimeUnit.SECONDS)
                    .errno()
                    .isOk());
    sender.end();
  }

  @Test
  void anOperationThatTheLogWouldRefuseForEverDoesNotStopTheNextOnes() throws Exception {
    makeVolume();
    FaultyLeader leader = new FaultyLeader(7, 0);
    BatchSender sender =
        sender(
            entry ->
                entry.length > RaftSettings.ENTRY_BYTES_MAX
                    ? CompletableFuture.failedFuture(new RefusedException("too long"))
                    : leader.apply(entry),
            2_000);
    byte[] value = new byte[RaftSettings.ENTRY_BYTES_MAX];
    CompletableFuture<Reply> large =
        sender.send(
            Tree.request(
                new Operation.SetXattr(io.pandofs.common.InodeId.ROOT, new byte[] {'a'}, value, 0)),
            false,
            Unwatched.PROGRESS);
    assertThat(large.get(20, TimeUnit.SECONDS).errno()).isEqualTo(Errno.EIO);
    assertThat(sender.send(one(), false, Unwatched.PROGRESS).get(20, TimeUnit.SECONDS).errno())
        .isEqualTo(Errno.OK);
    sender.end();
  }

  @Test
  void aFencedSessionAnswersEioAndSaysSoOnce() throws Exception {
    makeVolume();
    apply(new LogEntry.ExpireSession(session));
    BatchSender sender = sender(new FaultyLeader(5, 0), 10_000);
    assertThat(sender.send(one(), false, Unwatched.PROGRESS).get(20, TimeUnit.SECONDS).errno())
        .isEqualTo(Errno.EIO);
    // Callers are answered first.
    await().atMost(Duration.ofSeconds(10)).until(() -> fenced.get() > 0);
    sender.end();
    assertThat(fenced.get()).isEqualTo(1);
    assertThat(sender.send(one(), false, Unwatched.PROGRESS).join().errno()).isEqualTo(Errno.EIO);
  }
}
