package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's side of freshness leases (PROTOCOL rules 1 and 6): who may answer reads, how far
 * each of them has confirmed the log, and up to where it is released. Nothing is acknowledged
 * before it is released.
 *
 * <p>Invariants, each with the schedule that breaks without it.
 *
 * <ul>
 *   <li>Released is at or below what every holder of an unexpired lease has confirmed, but for
 *       entries that are not public ({@link PublicEntries}). (Else a change is acknowledged, and a
 *       holder that has not applied it answers from before.)
 *   <li>A lease is granted only to who has applied all public entries that are released, and all
 *       that earlier leaders may have released, which is below {@code floor}. From then on releases
 *       wait for it.
 *   <li>A lease ends, by this leader's count, later than by its holder's: the holder counts from
 *       before it asked, this leader from when it answers, plus 1 %.
 *   <li>It ends within one lease after a time at which no later leader was elected ({@link
 *       TermProof}). A new leader releases nothing for one lease (plus 1 %), so by then the leases
 *       of all former leaders have run out, those included that a leader granted which did not know
 *       that it was deposed. It waits no longer once all nodes have confirmed its term, since a
 *       node that does drops what it held of earlier leaders; all voters as well, as a node that
 *       was removed before this process began is in no table here, and votes until its lease is
 *       over. Nor longer than one lease after a majority last took part in earlier terms, by its
 *       own word ({@link SilentTerms}): no leader of one can have proven itself since. That counts
 *       only if the voters have been the same for a lease: what was granted by the word of other
 *       voters has run out then.
 *   <li>What a process confirmed is void for the next process of that node: tables may go back at a
 *       restart.
 *   <li>Who lags behind is not renewed: half a lease is the longest it is waited for, and then for
 *       the rest of its lease. Who lags behind most others gets none for a while either ({@link
 *       ConfirmPace}): a node that catches up whenever there is a pause would make them wait after
 *       each.
 * </ul>
 *
 * <p>A deposed leader that goes on releasing what was committed while it led does no harm: later
 * leaders grant leases only to who has applied that, and it waits for the leases it granted itself.
 *
 * <p>Thread-safe, without threads of its own. Futures complete on the thread whose call changed
 * something, outside of the lock.
 */
final class Releases {
  private static final Logger LOG = LoggerFactory.getLogger(Releases.class);
  private static final long PERCENT = 100;
  private static final int HOLDERS_MAX = 1024;
  private static final long NEVER = -1;

  /** Who confirms later than this part of a lease is late. */
  private static final int LATE_PARTS = 4;

  private final Clock clock;
  private final long origin;
  private final Timer timer;
  private final NodeId self;
  private final long leaseNanos;
  private final Supplier<List<Set<NodeId>>> voters;

  @GuardedBy("this")
  private final Map<Key, FreshnessHolder> holders = new HashMap<>();

  @GuardedBy("this")
  private final TermProof proof = new TermProof();

  /** Every node that may hold a lease. Who leaves stays in: its lease may still run. */
  @GuardedBy("this")
  private final Set<NodeId> members = new HashSet<>();

  /** The cluster's nodes of now: who has left gets no lease any more. */
  @GuardedBy("this")
  private Set<NodeId> present = Set.of();

  /** Those that have confirmed this term. */
  @GuardedBy("this")
  private final Set<NodeId> following = new HashSet<>();

  @GuardedBy("this")
  private final TreeMap<Long, CompletableFuture<Long>> waiting = new TreeMap<>();

  /** The term in which this node leads; -1 while it does not. */
  @GuardedBy("this")
  private long term = NEVER;

  @GuardedBy("this")
  private long floor;

  @GuardedBy("this")
  private long silentUntil;

  @GuardedBy("this")
  private SilentTerms earlier = new SilentTerms(List.of());

  /** The voters when they were last looked at, and since when they have been the same. */
  @GuardedBy("this")
  private List<Set<NodeId>> lastingVoters = List.of();

  @GuardedBy("this")
  private long lastingSince;

  /** When this node last answered as the leader, by the clock. */
  private volatile long answeredAt;

  @GuardedBy("this")
  private long applied = NEVER;

  @GuardedBy("this")
  private long released = NEVER;

  @GuardedBy("this")
  private final PublicEntries entries = new PublicEntries();

  /** An index and when it was applied here; a new one is marked when it is released. */
  @GuardedBy("this")
  private long markIndex = NEVER;

  @GuardedBy("this")
  private long markNanos;

  /** When the timer fires next; 0 for not at all. */
  @GuardedBy("this")
  private long armedFor;

  /** One process of a node. */
  private record Key(NodeId node, long incarnation) {}

  /**
   * @param voters whose majority elects leaders: one set, or two while the membership changes
   */
  Releases(
      Clock clock, Timer timer, NodeId self, long leaseNanos, Supplier<List<Set<NodeId>>> voters) {
    this.clock = clock;
    this.origin = clock.nanoTime();
    this.answeredAt = origin;
    this.timer = timer;
    this.self = self;
    this.leaseNanos = leaseNanos;
    this.voters = voters;
  }

  /** Nanoseconds since this was made, and one. */
  private long now() {
    return clock.nanoTime() - origin + 1;
  }

  /**
   * Looks whether this node leads and takes that in, as one step: what one thread has seen before
   * an election must not be taken in after what another has seen since. (It would forget whoever
   * was granted a lease in between, in the same term, and wait for none of them.)
   *
   * @param leading the term in which this node leads, negative while it does not; does not block
   * @param index what is applied here, all that former leaders acknowledged included; asked when it
   *     leads
   * @return whether it leads
   */
  boolean look(LongSupplier leading, LongSupplier index) {
    List<Runnable> after = new ArrayList<>();
    long seen;
    synchronized (this) {
      seen = leading.getAsLong();
      if (seen >= 0) {
        lead(seen, index.getAsLong(), after);
      } else {
        depose(after);
      }
    }
    after.forEach(Runnable::run);
    return seen >= 0;
  }

  @GuardedBy("this")
  private void lead(long inTerm, long index, List<Runnable> after) {
    if (inTerm == term) {
      return;
    }
    forget(after);
    term = inTerm;
    floor = index;
    applied = Math.max(applied, index);
    entries.begin(applied);
    silentUntil = now() + surely(leaseNanos);
    List<Set<NodeId>> now = voters.get();
    boolean lasting = now.equals(lastingVoters) && now() - lastingSince > surely(leaseNanos);
    earlier = new SilentTerms(lasting ? now : List.of());
    advance(now(), after);
  }

  @GuardedBy("this")
  private void depose(List<Runnable> after) {
    if (term != NEVER) {
      forget(after);
    }
  }

  @GuardedBy("this")
  private void forget(List<Runnable> after) {
    IOException deposed = new NoLongerLeaderException(self + " does not lead any more");
    waiting.values().forEach(one -> after.add(() -> one.completeExceptionally(deposed)));
    waiting.clear();
    for (FreshnessHolder holder : holders.values()) {
      FreshnessHolder.Held held = holder.held;
      if (held != null) {
        after.add(() -> held.answer().completeExceptionally(deposed));
      }
    }
    holders.clear();
    following.clear();
    proof.forget();
    term = NEVER;
    released = NEVER;
    markIndex = NEVER;
  }

  /**
   * When this node last answered a confirmation as the leader, by its clock; when this was made, if
   * never. Only what was answered can be told back, so no proof of its having led is of later.
   */
  long answeredAt() {
    return answeredAt;
  }

  /** Looks who votes; to be called from the start on, whoever leads, several times a second. */
  void watchVoters() {
    List<Set<NodeId>> seen = voters.get();
    synchronized (this) {
      if (!seen.equals(lastingVoters)) {
        lastingVoters = seen;
        lastingSince = now();
      }
    }
  }

  /** These are the nodes of the cluster. */
  synchronized void members(Set<NodeId> nodes) {
    members.addAll(nodes);
    present = Set.copyOf(nodes);
  }

  /**
   * Completes when the last lease of a node is over that is none of {@link #members} any more: no
   * sooner than all that earlier leaders may have granted it.
   */
  CompletableFuture<Void> whenLeft(NodeId node) {
    long left;
    synchronized (this) {
      long now = now();
      long end = silentUntil;
      for (FreshnessHolder holder : holders.values()) {
        end = holder.node.equals(node) ? Math.max(end, holder.leaseEnd) : end;
      }
      left = end - now;
    }
    CompletableFuture<Void> over = new CompletableFuture<>();
    if (left <= 0) {
      over.complete(null);
    } else {
      timer.after(left, () -> over.complete(null));
    }
    return over;
  }

  /**
   * The leader's own tables hold everything up to this index.
   *
   * @param isPublic see {@link PublicEntries}; of the entry at this index
   */
  void applied(long index, boolean isPublic) {
    List<Runnable> after = new ArrayList<>();
    synchronized (this) {
      applied = Math.max(applied, index);
      entries.applied(index, isPublic);
      if (term != NEVER) {
        advance(now(), after);
      }
    }
    after.forEach(Runnable::run);
  }

  /**
   * Completes with what is released once that is at this index; fails with NoLongerLeaderException
   * when another node leads: the entry is in the log, but who acknowledges it is the next leader.
   */
  synchronized CompletableFuture<Long> whenReleased(long index) {
    if (term == NEVER) {
      return CompletableFuture.failedFuture(new NoLongerLeaderException(self + " does not lead"));
    }
    return released >= index
        ? CompletableFuture.completedFuture(released)
        : waiting.computeIfAbsent(index, same -> new CompletableFuture<>());
  }

  /**
   * A node confirms what it has applied, and may get a lease for it. The answer waits, if the
   * request says so, until that is released or the node's next request comes.
   */
  CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    List<Runnable> after = new ArrayList<>();
    CompletableFuture<ConfirmAnswer> answer = new CompletableFuture<>();
    synchronized (this) {
      NodeId node = new NodeId(request.getNode());
      if (term == NEVER || request.getTerm() > term) {
        return CompletableFuture.failedFuture(new NoLeaderException(self + " does not lead"));
      }
      if (!isKnown(node)) {
        return CompletableFuture.failedFuture(
            new RefusedException(node + " is no node of this cluster"));
      }
      long now = now();
      FreshnessHolder holder = holder(new Key(node, request.getIncarnation()), now);
      hear(holder, request, now, after);
      answerHeld(holder, now, after);
      grant(holder, request, now);
      advance(now, after);
      boolean waits =
          request.getAwaitsRelease()
              && request.getTerm() == term
              && request.getApplied() > released;
      if (waits) {
        holder.held = new FreshnessHolder.Held(request, answer);
      } else {
        answer(holder, new FreshnessHolder.Held(request, answer), now, after);
      }
    }
    after.forEach(Runnable::run);
    return answer;
  }

  @GuardedBy("this")
  private boolean isKnown(NodeId node) {
    return members.contains(node) || voters.get().stream().anyMatch(group -> group.contains(node));
  }

  @GuardedBy("this")
  private FreshnessHolder holder(Key key, long now) {
    if (holders.size() >= HOLDERS_MAX) {
      holders.values().removeIf(one -> one.leaseEnd <= now && one.held == null);
    }
    return holders.computeIfAbsent(
        key, same -> new FreshnessHolder(same.node(), new ConfirmPace(leaseNanos / LATE_PARTS)));
  }

  /** How far a node has confirmed, but for what nobody there may look at. */
  @GuardedBy("this")
  private long reach(FreshnessHolder holder) {
    return entries.reach(holder.confirmed, applied);
  }

  /** Takes in what the request says of its sender. */
  @GuardedBy("this")
  private void hear(
      FreshnessHolder holder, ConfirmRequest request, long now, List<Runnable> after) {
    holder.seen = now;
    holder.confirmed = Math.max(holder.confirmed, request.getApplied());
    long barred = holder.pace.confirmed(reach(holder), now);
    if (barred > 0) {
      after.add(
          () ->
              LOG.info(
                  "{} confirms changes later than others: its readers ask the leader for {} s or more",
                  holder.node,
                  TimeUnit.NANOSECONDS.toSeconds(barred)));
    }
    if (request.getNumber() > holder.lastNumber) {
      holder.lastNumber = request.getNumber();
      holder.wants = request.getWantsLease();
      if (!holder.wants) {
        // The sender dropped it before it asked; an older request that comes late changes nothing.
        holder.leaseEnd = 0;
        holder.pace.pardon();
      }
    }
    if (request.getTerm() == term) {
      following.add(holder.node);
      if (request.getToken() > 0 && request.getToken() <= holder.token) {
        proof.heard(holder.node, request.getToken());
      }
      if (silentUntil > now
          && following.containsAll(members)
          && following.containsAll(voters.get().stream().flatMap(Set::stream).toList())) {
        silentUntil = now;
      }
      long end = earlier.apart(holder.node, now, request.getApartNanos());
      silentUntil = Math.min(silentUntil, Math.max(now, end + surely(leaseNanos)));
    }
  }

  /**
   * Grants or prolongs a lease if the sender may have one.
   *
   * @return how long it is, by the holder's count from before it asked; 0 for none
   */
  @GuardedBy("this")
  private long grant(FreshnessHolder holder, ConfirmRequest request, long now) {
    boolean unbroken = holder.leaseEnd > now;
    long reached = entries.reach(request.getApplied(), applied);
    boolean hasAll = reached >= Math.max(floor, released);
    boolean lags = markIndex > reached && now - markNanos > leaseNanos / 2;
    if (!request.getWantsLease()
        || request.getTerm() != term
        || (request.getNumber() < holder.lastNumber && !holder.wants)
        || (members.contains(holder.node) && !present.contains(holder.node))
        || lags
        || !holder.pace.keepsUp(now)
        || !(unbroken || hasAll)) {
      return 0;
    }
    long provenUntil = provenUntil(now);
    if (provenUntil <= now) {
      return 0;
    }
    long left = Math.min(leaseNanos, provenUntil - now);
    holder.leaseEnd = Math.max(holder.leaseEnd, now + surely(left));
    return left;
  }

  /** When somebody else's count of so long is surely over, by this clock. */
  private static long surely(long nanos) {
    return nanos + nanos / PERCENT + 1;
  }

  /** Until when what is released here is all that any leader has released. */
  @GuardedBy("this")
  private long provenUntil(long now) {
    long since = proof.since(voters.get(), self, now);
    return since == TermProof.NONE ? NEVER : since + leaseNanos;
  }

  @GuardedBy("this")
  private void answerHeld(FreshnessHolder holder, long now, List<Runnable> after) {
    FreshnessHolder.Held held = holder.held;
    if (held != null) {
      holder.held = null;
      answer(holder, held, now, after);
    }
  }

  @GuardedBy("this")
  private void answer(
      FreshnessHolder holder, FreshnessHolder.Held asked, long now, List<Runnable> after) {
    long lease = grant(holder, asked.request(), now);
    holder.token = now;
    answeredAt = now + origin;
    ConfirmAnswer answer =
        ConfirmAnswer.newBuilder()
            .setTerm(term)
            .setReleased(Math.max(0, released))
            .setLeaseNanos(lease)
            .setToken(now)
            .build();
    after.add(() -> asked.answer().complete(answer));
  }

  /** Those that most have left behind are timed from now on. */
  @GuardedBy("this")
  private void expect(long now) {
    long[] confirmed = new long[holders.size()];
    int count = 0;
    for (FreshnessHolder holder : holders.values()) {
      if (holder.isPresent(now, leaseNanos)) {
        confirmed[count++] = Math.min(applied, reach(holder));
      }
    }
    if (count < 2) {
      return;
    }
    Arrays.sort(confirmed, 0, count);
    long byMost = confirmed[(count - 1) / 2];
    if (byMost == confirmed[0]) {
      return;
    }
    for (FreshnessHolder holder : holders.values()) {
      if (reach(holder) < byMost && holder.isPresent(now, leaseNanos)) {
        holder.pace.expect(byMost, now);
      }
    }
  }

  /** Releases what may be released, and sees to it that the rest will be. */
  @GuardedBy("this")
  private void advance(long now, List<Runnable> after) {
    expect(now);
    if (now < silentUntil) {
      mark(now);
      arm(silentUntil, now);
      return;
    }
    long bound = applied;
    long firstEnd = Long.MAX_VALUE;
    for (FreshnessHolder holder : holders.values()) {
      long reached = reach(holder);
      if (holder.leaseEnd > now && reached < applied) {
        bound = Math.min(bound, reached);
        firstEnd = Math.min(firstEnd, holder.leaseEnd);
      }
    }
    if (bound > released) {
      released = bound;
      entries.released(bound);
      for (FreshnessHolder holder : holders.values()) {
        FreshnessHolder.Held held = holder.held;
        if (held != null && held.request().getApplied() <= released) {
          answerHeld(holder, now, after);
        }
      }
      long at = released;
      Map<Long, CompletableFuture<Long>> done = waiting.headMap(at, true);
      List<CompletableFuture<Long>> futures = List.copyOf(done.values());
      done.clear();
      after.add(() -> futures.forEach(future -> future.complete(at)));
    }
    mark(now);
    if (firstEnd != Long.MAX_VALUE) {
      arm(firstEnd, now);
    }
  }

  @GuardedBy("this")
  private void mark(long now) {
    if (markIndex <= released) {
      markIndex = applied > released ? applied : NEVER;
      markNanos = now;
    }
  }

  @GuardedBy("this")
  private void arm(long at, long now) {
    if (armedFor == 0 || at < armedFor) {
      armedFor = at;
      timer.after(at - now, this::timePassed);
    }
  }

  private void timePassed() {
    List<Runnable> after = new ArrayList<>();
    synchronized (this) {
      armedFor = 0;
      if (term != NEVER) {
        advance(now(), after);
      }
    }
    after.forEach(Runnable::run);
  }

  /**
   * An index at or above all that any leader has acknowledged, or shown to any reader, before the
   * call, if it is known; -1 otherwise. Sound on the strength of {@link TermProof}: a later leader,
   * if there is one, has acknowledged nothing yet.
   */
  synchronized long readIndexIfProven() {
    long now = now();
    return term != NEVER && provenUntil(now) > now ? readIndex() : NEVER;
  }

  /** As above, for who proves otherwise that this node led at some time after it asked. */
  synchronized long readIndex() {
    return Math.max(floor, released);
  }

  /** The nodes, this one aside, whose readers wait for something that is applied here. */
  synchronized Set<NodeId> behind() {
    Set<NodeId> behind = new HashSet<>();
    long now = now();
    for (FreshnessHolder holder : holders.values()) {
      if (holder.isPresent(now, leaseNanos)
          && reach(holder) < applied
          && !holder.node.equals(self)) {
        behind.add(holder.node);
      }
    }
    return behind;
  }
}
