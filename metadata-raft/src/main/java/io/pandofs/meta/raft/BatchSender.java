package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session's way into the log: requests that wait while earlier ones are under way travel
 * together, a few batches at a time, in order, each operation exactly once.
 *
 * <p>Invariants. An operation gets its number when its batch is first sent, and keeps number, batch
 * and bytes for ever: a batch that was sent once stays in {@code sent}, and is sent again, until
 * the log has answered it, even when its callers were told EIO long before (it may have been
 * applied; leaving a number out would stop the session). An operation that was given up before it
 * was sent has no number and no effect. Batches are sent in order of their numbers; one that
 * overtook another is answered GAP and sent again. New batches wait while any is being resent.
 *
 * <p>Thread-safe. Everything happens under one lock that is never held while futures of callers are
 * completed.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class BatchSender implements Ahead.Pipeline {
  private static final Logger LOG = LoggerFactory.getLogger(BatchSender.class);
  private static final int IN_FLIGHT_MAX = 3;
  static final int BATCH_REQUESTS_MAX = 512;
  private static final int BATCH_BYTES_MAX = 1 << 20;
  private static final int WAITING_MAX = 1 << 16;

  /** So long nothing is sent that nobody waits for, so that more of it travels together. */
  static final long LINGER_MILLIS = 20;

  private static final long FOR_EVER_NANOS = Long.MAX_VALUE / 2;

  private final SessionId session;
  private final Function<byte[], CompletableFuture<LogReply>> log;
  private final LeaderEvents events;
  private final Retry retry;
  private final Clock clock;
  private final long patienceNanos;
  private final Executor executor;
  private final Runnable onFenced;

  @GuardedBy("this")
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  @GuardedBy("this")
  private final Deque<Batch> sent = new ArrayDeque<>();

  @GuardedBy("this")
  private long nextSequence = 1;

  /** Counts rounds of sending; what an older round says of failure is of no interest. */
  @GuardedBy("this")
  private long round;

  @GuardedBy("this")
  private boolean resending;

  @GuardedBy("this")
  private long pauseMillis = Retry.PAUSE_MIN_MILLIS;

  @GuardedBy("this")
  private boolean over;

  @GuardedBy("this")
  private boolean sweeping;

  /** Somebody is about to send what waits. */
  @GuardedBy("this")
  private boolean pumping;

  /** What waits is sent as soon as there is room: somebody waits for it, or it has waited. */
  @GuardedBy("this")
  private boolean urgent;

  /** What waits will be urgent soon. */
  @GuardedBy("this")
  private boolean lingering;

  private final ScheduledExecutorService scheduler;

  /**
   * @param log see {@link LeaderCalls#propose}
   * @param patienceNanos after so long an operation is answered EIO
   * @param executor where answers are worked on; callers' futures complete there
   * @param onFenced called once when the log says that the session is over
   */
  BatchSender(
      SessionId session,
      Function<byte[], CompletableFuture<LogReply>> log,
      LeaderEvents events,
      Retry retry,
      Clock clock,
      ScheduledExecutorService scheduler,
      Executor executor,
      long patienceNanos,
      Runnable onFenced) {
    this.session = session;
    this.log = log;
    this.events = events;
    this.retry = retry;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.patienceNanos = patienceNanos;
    this.onFenced = onFenced;
  }

  private static final class Waiting {
    final Request request;
    final long deadline;
    final Ahead.Progress progress;
    final CompletableFuture<Reply> answer = new CompletableFuture<>();

    Waiting(Request request, long deadline, Ahead.Progress progress) {
      this.request = request;
      this.deadline = deadline;
      this.progress = progress;
    }

    void conclude(Reply reply) {
      progress.concluded();
      answer.complete(reply);
    }
  }

  private static final class Batch {
    final long first;
    final byte[] entry;
    final List<Waiting> parts;
    boolean answered;

    Batch(long first, byte[] entry, List<Waiting> parts) {
      this.first = first;
      this.entry = entry;
      this.parts = parts;
    }
  }

  /**
   * Queues a request. Never fails; answers EIO when the session is over or the patience is.
   *
   * @param forEver to wait as long as the session lives
   * @param progress is told of it even when its caller has been answered EIO
   */
  @Override
  public CompletableFuture<Reply> send(Request request, boolean forEver, Ahead.Progress progress) {
    if (RequestSize.atMost(request) > RaftSettings.ENTRY_BYTES_MAX) {
      // The log would refuse it for ever, and with it all that comes after.
      LOG.error("{}: an operation over {} bytes", session, RaftSettings.ENTRY_BYTES_MAX);
      progress.concluded();
      return CompletableFuture.completedFuture(Reply.failed(Errno.EIO));
    }
    long nanos = forEver ? FOR_EVER_NANOS : patienceNanos;
    Waiting one = new Waiting(request, clock.nanoTime() + nanos, progress);
    synchronized (this) {
      if (over || waiting.size() >= WAITING_MAX) {
        progress.concluded();
        return CompletableFuture.completedFuture(Reply.failed(Errno.EIO));
      }
      waiting.add(one);
      if (request.standing() instanceof Standing.Ahead && waiting.size() < BATCH_REQUESTS_MAX) {
        linger();
      } else {
        hurry();
      }
      startSweeping();
    }
    return one.answer;
  }

  @GuardedBy("this")
  private void linger() {
    if (!urgent && !lingering) {
      lingering = true;
      scheduler.schedule(this::hurry, LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** Somebody waits for what was sent. */
  @Override
  public synchronized void hurry() {
    lingering = false;
    urgent = true;
    // Not on this thread: more may travel together, and the caller may have something locked.
    if (!pumping && mayCarry() && !waiting.isEmpty()) {
      pumping = true;
      executor.execute(this::pump);
    }
  }

  private synchronized void pump() {
    pumping = false;
    sendMore();
  }

  /** Whether nothing is taken any more. */
  synchronized boolean isOver() {
    return over;
  }

  @GuardedBy("this")
  private boolean mayCarry() {
    return !over && !resending && sent.size() < IN_FLIGHT_MAX;
  }

  /** Answers everything with EIO and takes nothing more. */
  void end() {
    List<Waiting> lost = new ArrayList<>();
    synchronized (this) {
      over = true;
      lost.addAll(waiting);
      waiting.clear();
      sent.forEach(batch -> lost.addAll(batch.parts));
      sent.clear();
    }
    lost.forEach(one -> one.conclude(Reply.failed(Errno.EIO)));
  }

  @GuardedBy("this")
  private void sendMore() {
    while (urgent && mayCarry() && !waiting.isEmpty()) {
      Batch batch = nextBatch();
      sent.add(batch);
      send(batch);
    }
    urgent = urgent && !waiting.isEmpty();
  }

  @GuardedBy("this")
  private Batch nextBatch() {
    List<Waiting> parts = new ArrayList<>();
    List<Request> requests = new ArrayList<>();
    long bytes = 0;
    while (!waiting.isEmpty() && requests.size() < BATCH_REQUESTS_MAX) {
      bytes += RequestSize.atMost(waiting.peek().request);
      if (!requests.isEmpty() && bytes > BATCH_BYTES_MAX) {
        break;
      }
      Waiting one = waiting.remove();
      parts.add(one);
      requests.add(one.request);
    }
    long first = nextSequence;
    for (Waiting one : parts) {
      one.progress.numbered(nextSequence++);
    }
    Batch oldest = sent.peek();
    long acknowledged = (oldest == null ? first : oldest.first) - 1;
    byte[] entry = LogCodec.encode(new LogEntry.Batch(session, first, acknowledged, requests));
    return new Batch(first, entry, parts);
  }

  @GuardedBy("this")
  private void send(Batch batch) {
    long sentInRound = round;
    log.apply(batch.entry)
        .whenCompleteAsync(
            (reply, failure) -> answered(batch, sentInRound, reply, failure), executor);
  }

  private void answered(
      Batch batch, long sentInRound, LogReply reply, @Nullable Throwable failure) {
    boolean fenced = false;
    synchronized (this) {
      if (over || batch.answered) {
        return;
      }
      if (failure != null || reply.status() == LogReply.Status.GAP) {
        failed(sentInRound, failure);
        return;
      }
      batch.answered = true;
      pauseMillis = Retry.PAUSE_MIN_MILLIS;
      fenced = isOver(reply.status());
      over = fenced;
      while (!sent.isEmpty() && sent.peek().answered) {
        sent.remove();
      }
      sendMore();
    }
    complete(batch, reply);
    if (fenced) {
      onFenced.run();
    }
  }

  private void complete(Batch batch, LogReply reply) {
    boolean whole =
        reply.status() == LogReply.Status.OK && reply.replies().size() == batch.parts.size();
    if (!whole && reply.status() != LogReply.Status.FENCED) {
      LOG.error(
          "{}: batch {} was answered {}; its callers get EIO",
          session,
          batch.first,
          reply.status());
    }
    for (int i = 0; i < batch.parts.size(); i++) {
      batch.parts.get(i).conclude(whole ? reply.replies().get(i) : Reply.failed(Errno.EIO));
    }
  }

  private static boolean isOver(LogReply.Status status) {
    return status == LogReply.Status.FENCED || status == LogReply.Status.DIVERGED;
  }

  /** Everything unanswered is sent again, at the next leader event or after a pause. */
  @GuardedBy("this")
  private void failed(long sentInRound, @Nullable Throwable failure) {
    if (sentInRound != round || resending) {
      return;
    }
    resending = true;
    long failedRound = round;
    LOG.debug("{}: sending again: {}", session, failure == null ? "gap" : failure.toString());
    retry
        .pause(pauseMillis, events.next())
        .whenCompleteAsync((none, ignored) -> sendAgain(failedRound), executor);
    pauseMillis = Math.min(2 * pauseMillis, Retry.PAUSE_MAX_MILLIS);
  }

  /** A new leader was elected: what is under way to the old one may never be answered. */
  void leaderChanged() {
    long now;
    synchronized (this) {
      now = round;
    }
    executor.execute(() -> sendAgain(now));
  }

  private synchronized void sendAgain(long after) {
    if (over || round != after) {
      return;
    }
    round++;
    resending = false;
    for (Batch batch : sent) {
      if (!batch.answered) {
        send(batch);
      }
    }
    sendMore();
  }

  @GuardedBy("this")
  private void startSweeping() {
    if (!sweeping) {
      sweeping = true;
      scheduleSweep();
    }
  }

  private void scheduleSweep() {
    long every = Math.max(10, Math.min(250, TimeUnit.NANOSECONDS.toMillis(patienceNanos) / 4));
    scheduler.schedule(() -> executor.execute(this::sweep), every, TimeUnit.MILLISECONDS);
  }

  /** Answers EIO to those who have waited too long; see the invariants for what stays. */
  private void sweep() {
    List<Waiting> late = new ArrayList<>();
    List<Waiting> dropped = new ArrayList<>();
    synchronized (this) {
      long now = clock.nanoTime();
      for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
        Waiting one = all.next();
        if (one.deadline - now <= 0) {
          all.remove();
          dropped.add(one);
        }
      }
      for (Batch batch : sent) {
        for (Waiting one : batch.parts) {
          if (one.deadline - now <= 0 && !one.answer.isDone()) {
            late.add(one);
          }
        }
      }
      sweeping = !over && !(waiting.isEmpty() && sent.isEmpty());
      if (sweeping) {
        scheduleSweep();
      }
    }
    dropped.forEach(one -> one.conclude(Reply.failed(Errno.EIO)));
    // The log may answer these yet.
    late.forEach(one -> one.answer.complete(Reply.failed(Errno.EIO)));
  }
}
