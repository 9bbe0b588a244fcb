package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's right to answer reads by itself (PROTOCOL rules 1 and 6): a lease that it asks the
 * leader for again and again, telling how far it has applied the log, and what it knows to be
 * released.
 *
 * <p>Invariants. The lease is counted from before the question was sent, by a clock that never goes
 * back; a process that was stopped finds it run out. (The clock stands still while a whole virtual
 * machine is suspended; one that wakes may be behind by what was left of one lease.) The first
 * question in a new term drops what was leased before, and answers to questions of earlier terms
 * are worth nothing then: a new leader relies on it. So it is with questions from before the lease
 * was given up. Nothing is asked in a new term, or without a lease that there was, while anything
 * is kept that was shown under it ({@link #keepNanos}). While a lease runs, everything public that
 * was released before now is applied here ({@link PublicEntries}). Each question tells for how long
 * this node has not taken part in earlier terms: no leader of one can have counted it as in its
 * term since ({@link TermProof}).
 *
 * <p>At most two questions are under way: one whose answer waits at the leader until what is
 * applied here is released, and one that comes after it and makes the leader answer the first. What
 * is applied meanwhile is confirmed together.
 *
 * <p>Thread-safe, without threads of its own. Futures complete outside of the lock.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class Freshness {
  private static final Logger LOG = LoggerFactory.getLogger(Freshness.class);
  private static final String STOPPED = "this node has stopped serving";
  private static final int UNDER_WAY_MAX = 2;
  private static final int RENEWALS_A_LEASE = 3;

  /** So long what was shown is kept at most; see {@link #keepNanos}. */
  static final Duration KEEP_MAX = Duration.ofMillis(100);

  private final NodeId self;
  private final long incarnation;
  private final Clock clock;
  private final long origin;
  private final Timer timer;
  private final long leaseNanos;
  private final Function<ConfirmRequest, CompletableFuture<ConfirmAnswer>> leader;
  private final LongSupplier presentTerm;
  private final LongSupplier answered;
  private final DirtyInodes dirty;
  private final Supplier<CompletableFuture<Void>> dropKept;

  /** Until when something may be kept that was shown, in nanoseconds since {@code origin}. */
  private final AtomicLong keptUntil = new AtomicLong();

  @GuardedBy("this")
  private final TreeMap<Long, CompletableFuture<Void>> waiting = new TreeMap<>();

  @GuardedBy("this")
  private long number;

  @GuardedBy("this")
  private long term = -1;

  @GuardedBy("this")
  private long token;

  /** When a leader's answer was last taken in; at first, when this process began. */
  @GuardedBy("this")
  private long heard;

  /** When this node last took part in a term before the present one. */
  @GuardedBy("this")
  private long apartSince;

  @GuardedBy("this")
  private long applied = -1;

  /** The last public entry that is applied. */
  @GuardedBy("this")
  private long appliedPublic = -1;

  /** The last index that a question has told. */
  @GuardedBy("this")
  private long told = -1;

  @GuardedBy("this")
  private boolean wanted;

  @GuardedBy("this")
  private boolean givenUp;

  @GuardedBy("this")
  private long giveUps;

  /** Whether what is kept is being dropped. */
  @GuardedBy("this")
  private boolean dropping;

  @GuardedBy("this")
  private boolean closed;

  /** Questions from before the lease was given up count nothing. */
  @GuardedBy("this")
  private long firstValid;

  /** Questions from before the leader changed are not waited for. */
  @GuardedBy("this")
  private long firstAwaited;

  @GuardedBy("this")
  private int underWay;

  @GuardedBy("this")
  private boolean again;

  @GuardedBy("this")
  private long lost;

  /** When the lease ends, in nanoseconds since {@code origin}; 0 for none. */
  private volatile long leaseEnd;

  private volatile long released;

  /**
   * @param incarnation a random number for this process
   * @param leader asks the leader, wherever it is; does not block
   * @param presentTerm this node's Raft term; negative while it has none
   * @param answered when this node last answered as the leader, by the clock; see {@link
   *     Releases#answeredAt}
   * @param dirty is told what is released
   * @param dropKept has dropped what was kept before the call when it completes; never fails
   */
  Freshness(
      NodeId self,
      long incarnation,
      Clock clock,
      Timer timer,
      long leaseNanos,
      Function<ConfirmRequest, CompletableFuture<ConfirmAnswer>> leader,
      LongSupplier presentTerm,
      LongSupplier answered,
      DirtyInodes dirty,
      Supplier<CompletableFuture<Void>> dropKept) {
    this.self = self;
    this.incarnation = incarnation;
    this.clock = clock;
    this.origin = clock.nanoTime();
    this.timer = timer;
    this.leaseNanos = leaseNanos;
    this.leader = leader;
    this.presentTerm = presentTerm;
    this.answered = answered;
    this.dirty = dirty;
    this.dropKept = dropKept;
  }

  private long now() {
    return clock.nanoTime() - origin;
  }

  /** Begins to ask, and goes on until it is closed. */
  void start() {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    ask();
    timer.after(leaseNanos / RENEWALS_A_LEASE, this::start);
  }

  /** Whether everything public that was released anywhere before this call is applied here. */
  boolean isFresh() {
    return now() < leaseEnd;
  }

  /**
   * For how long from now may be kept what this node could be asked for, in nanoseconds; 0 if not
   * at all. By who is told of changes before they are confirmed: then nobody anywhere is shown a
   * change meanwhile, nor after the lease has ended, early or not.
   */
  long keepNanos() {
    long now = now();
    long keep = Math.min(leaseEnd - now, KEEP_MAX.toNanos());
    if (keep <= 0) {
      return 0;
    }
    keptUntil.accumulateAndGet(now + keep, Math::max);
    // Who gives the lease up meanwhile sees that, or is seen here.
    return leaseEnd >= now + keep ? keep : 0;
  }

  /** Everything up to this index is known to be released. */
  long released() {
    return released;
  }

  /** How often a lease ran out before it was renewed. */
  synchronized long timesLost() {
    return lost;
  }

  /** Whether this node has readers. Without any it asks for no lease. */
  void wanted(boolean byReaders) {
    synchronized (this) {
      if (wanted == byReaders) {
        return;
      }
      wanted = byReaders;
      if (!byReaders) {
        drop();
      }
    }
    ask();
  }

  /**
   * The tables hold everything up to this index, and every reader from now on sees it.
   *
   * @param isPublic see {@link PublicEntries}: nobody waits for the confirmation of what is not,
   *     though it may be needed for a lease
   */
  void applied(long index, boolean isPublic) {
    synchronized (this) {
      applied = Math.max(applied, index);
      appliedPublic = isPublic ? Math.max(appliedPublic, index) : appliedPublic;
      if (waiting.isEmpty() && !(wanted && (isPublic || !isFresh()))) {
        return;
      }
    }
    ask();
  }

  /** The tables are about to be replaced: no lease until {@link #regain}. */
  void giveUp() {
    synchronized (this) {
      givenUp = true;
      giveUps++;
      drop();
    }
    ask();
  }

  /** How often the lease was given up. */
  synchronized long giveUps() {
    return giveUps;
  }

  /**
   * The tables have been replaced and hold everything up to this index.
   *
   * @param asOf {@link #giveUps} when they had been; a later one is not undone
   */
  void regain(long index, long asOf) {
    synchronized (this) {
      givenUp = giveUps != asOf;
      applied = Math.max(applied, index);
      appliedPublic = applied;
    }
    ask();
  }

  /** Another node leads, or this one: what is under way may never be answered. */
  void leaderChanged() {
    synchronized (this) {
      firstAwaited = number + 1;
      underWay = 0;
    }
    ask();
  }

  /** Gives the lease up for good, and says so. */
  void close() {
    synchronized (this) {
      givenUp = true;
      drop();
      underWay = 0;
      firstAwaited = number + 1;
    }
    ask();
    List<CompletableFuture<Void>> unanswered;
    synchronized (this) {
      closed = true;
      unanswered = List.copyOf(waiting.values());
      waiting.clear();
    }
    unanswered.forEach(one -> one.completeExceptionally(new IOException(STOPPED)));
  }

  @GuardedBy("this")
  private void drop() {
    leaseEnd = 0;
    firstValid = number + 1;
  }

  /** Completes when this index is released. */
  CompletableFuture<Void> whenReleased(long index) {
    CompletableFuture<Void> future;
    boolean silent;
    synchronized (this) {
      if (released >= index) {
        return CompletableFuture.completedFuture(null);
      }
      if (closed) {
        return CompletableFuture.failedFuture(new IOException(STOPPED));
      }
      future = waiting.computeIfAbsent(index, same -> new CompletableFuture<>());
      silent = underWay == 0 || told < index;
    }
    if (silent) {
      ask();
    }
    return future;
  }

  /** Somebody who knows says that everything up to this index is released. */
  void heard(long index) {
    List<CompletableFuture<Void>> done;
    synchronized (this) {
      if (index <= released) {
        return;
      }
      released = index;
      Map<Long, CompletableFuture<Void>> over = waiting.headMap(index, true);
      done = new ArrayList<>(over.values());
      over.clear();
    }
    dirty.released(index);
    done.forEach(one -> one.complete(null));
  }

  private void ask() {
    ConfirmRequest request = null;
    long sent;
    boolean late;
    boolean begins = false;
    synchronized (this) {
      long present = presentTerm.getAsLong();
      if (closed || present < 0 || dropping) {
        return;
      }
      sent = now();
      late = noteExpiry(sent);
      if (underWay >= UNDER_WAY_MAX) {
        again = true;
      } else {
        if (present != term || !wanted || givenUp) {
          drop();
          // The leader will not wait for the end of the lease.
          dropping = keptUntil.get() > sent;
        }
        begins = dropping;
        request = dropping ? null : question(present, sent);
      }
    }
    if (begins) {
      dropKept.get().thenRun(this::dropped);
    } else if (late) {
      // It has run out by the clock, but not for who was slow to begin with it.
      CompletableFuture<Void> unused = dropKept.get();
    }
    if (request != null) {
      ConfirmRequest asked = request;
      leader.apply(asked).whenComplete((answer, failure) -> answered(asked, sent, answer, failure));
    }
  }

  private void dropped() {
    synchronized (this) {
      keptUntil.set(0);
      dropping = false;
    }
    ask();
  }

  @GuardedBy("this")
  private ConfirmRequest question(long present, long sent) {
    if (present != term) {
      term = present;
      token = 0;
      apartSince = Math.max(heard, answered.getAsLong() - origin);
    }
    underWay++;
    again = false;
    told = applied;
    return ConfirmRequest.newBuilder()
        .setNode(self.value())
        .setIncarnation(incarnation)
        .setNumber(++number)
        .setTerm(term)
        .setApplied(applied)
        .setWantsLease(wanted && !givenUp)
        .setAwaitsRelease(wanted || !waiting.isEmpty())
        .setToken(token)
        .setApartNanos(Math.max(0, sent - apartSince))
        .build();
  }

  @GuardedBy("this")
  private boolean noteExpiry(long now) {
    boolean isOver = leaseEnd != 0 && now >= leaseEnd;
    if (isOver) {
      lost++;
      leaseEnd = 0;
    }
    return isOver;
  }

  private void answered(
      ConfirmRequest request, long sent, ConfirmAnswer answer, @Nullable Throwable failure) {
    boolean more;
    boolean late = false;
    synchronized (this) {
      if (request.getNumber() >= firstAwaited) {
        underWay--;
      }
      if (failure != null) {
        LOG.debug("{}: not confirmed: {}", self, failure.toString());
        return;
      }
      boolean ofThisTerm = answer.getTerm() == request.getTerm() && request.getTerm() == term;
      if (ofThisTerm) {
        token = Math.max(token, answer.getToken());
        heard = now();
        if (request.getNumber() >= firstValid && answer.getLeaseNanos() > 0) {
          late = noteExpiry(now());
          leaseEnd = Math.max(leaseEnd, sent + Math.min(answer.getLeaseNanos(), leaseNanos));
        }
      }
      long worth = isFresh() ? appliedPublic : applied;
      boolean news = wanted ? worth > told : !waiting.isEmpty();
      more = again || (ofThisTerm && news);
    }
    if (late) {
      CompletableFuture<Void> unused = dropKept.get();
    }
    if (answer.getReleased() > 0) {
      heard(answer.getReleased());
    }
    if (more) {
      ask();
    }
  }
}
