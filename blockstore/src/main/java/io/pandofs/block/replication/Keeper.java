package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockRow;
import io.pandofs.block.CopyCheck;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.block.LocalFaults;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this node hold what the log says it must (PROTOCOL rule 15): goes through the needed set,
 * settles what is held, fetches what is not from other replicas.
 *
 * <p>Threads: all state without a guard of its own belongs to the running pass, of which there is
 * one at a time. Fetches run beside it and report through thread-safe fields.
 *
 * <p>A block that is needed and missing is given {@link Settings#patience} before it is fetched, as
 * its writer may be pushing it just now; not after a comparison has found blocks missing. After a
 * start every needed block is read wholly before it is settled: which copies were found damaged is
 * known in memory only.
 */
public final class Keeper implements LocalFaults, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);
  private static final int PAGE = 256;
  private static final int REMEMBERED_MAX = 16_384;
  private static final long RETRY_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long RETRY_MAX_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long COMPARE_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long REST_MAX_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long REST_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /**
   * Bounds and times.
   *
   * @param parallel how many blocks are fetched at a time, each up to 4 MiB in memory
   * @param bytesPerSecond how fast at most
   * @param patience how long a needed block may be on its way from its writer
   * @param fetchTimeout for one block from one replica
   */
  public record Settings(
      int parallel, long bytesPerSecond, Duration patience, Duration fetchTimeout) {
    public static final Settings DEFAULT =
        new Settings(4, 128L << 20, Duration.ofSeconds(1), Duration.ofSeconds(20));
  }

  /**
   * How far the node is behind.
   *
   * @param blocks still needed; when they are very many, as of a count of some seconds ago
   * @param bytes of these
   * @param fetchedBlocks since the start
   * @param fetchedBytes since the start
   * @param roundBlocks fetched since there was last nothing to fetch
   * @param roundBytes of these
   * @param bytesPerSecond over the last minute; 0 when nothing is to be fetched
   * @param etaSeconds until nothing is left; negative when it is not known
   */
  public record Progress(
      long blocks,
      long bytes,
      long fetchedBlocks,
      long fetchedBytes,
      long roundBlocks,
      long roundBytes,
      long bytesPerSecond,
      long etaSeconds) {}

  /**
   * Copies that ought to be here and were bad or gone, as readers and the scrub found them.
   *
   * @param found since the start
   * @param repaired of these
   * @param open not repaired yet
   */
  public record Faults(long found, long repaired, long open) {}

  /** How a fetch ended. That nobody answered says nothing of the block. */
  private enum Outcome {
    STORED,
    FAILED,
    UNANSWERED
  }

  /** What went wrong with a block, or that it is waited for. */
  private record Trouble(int times, long notBeforeNanos) {}

  private final Replication replication;
  private final BlockDirectory directory;
  private final Settings settings;
  private final Passes passes;
  private final Pace pace;
  private final PeerLoads loads = Fetch.newLoads();

  private final FaultLedger ledger = new FaultLedger(REMEMBERED_MAX);
  private final Set<BlockId> reported = ConcurrentHashMap.newKeySet();
  private final Set<BlockId> damaged = ConcurrentHashMap.newKeySet();
  private final Map<BlockId, Outcome> fetched = new ConcurrentHashMap<>();
  private final Set<BlockId> underWay = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean compareWanted = new AtomicBoolean(true);
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private final FetchPause pause;
  private final RepairMeter meter = new RepairMeter();
  private final NeedCount needCount;
  private final Deque<BlockId> first = new ArrayDeque<>();

  private final Map<BlockId, Trouble> troubles = new LinkedHashMap<>();
  private volatile long mapEpoch = -1;

  /** When a comparison that failed is tried again. */
  private long compareAgainNanos;

  private long cursor;

  /** The last block that a fetch was begun for in its turn. */
  private long triedLast;

  /** Up to here blocks have had their turn before a pause: in this cycle it is the others'. */
  private long triedBefore;

  /** Whether this cycle has passed over blocks because of a pause. */
  private boolean passedOver;

  private boolean inCycle;
  private boolean verifying = true;

  /** Whether this cycle has found more bad copies than are remembered. */
  private boolean overlooked;

  /** Whether the copy that was looked at last is bad. */
  private boolean foundBad;

  private boolean bulk;
  private boolean leftBehind;
  private long walkStartedNanos;
  private long walkedNanos;
  private long restUntilNanos;

  public Keeper(Replication replication, ForegroundReads reads, Settings settings) {
    this.replication = replication;
    this.directory = replication.directory();
    this.needCount = new NeedCount(directory, meter, replication.clock());
    this.settings = settings;
    this.pause = new FetchPause(replication.clock());
    long now = replication.clock().nanoTime();
    this.pace = new Pace(settings.bytesPerSecond(), reads, now);
    this.restUntilNanos = now;
    this.compareAgainNanos = now;
    this.passes = new Passes("repair", replication.disk(), replication.scheduler(), this::pass);
  }

  /** Begins with a comparison of all blocks, and follows the log from then on. */
  public void start() {
    directory.onNeeded(this::wake);
    passes.wake();
  }

  /** The tables or the store were replaced under it: compares all again. */
  public void reset() {
    compareWanted.set(true);
    wake();
  }

  private void wake() {
    changed.set(true);
    passes.wake();
  }

  /**
   * The epoch of the placement map for which all blocks have been compared last: what the needed
   * set lacks is held under that map. Negative before the first comparison.
   */
  public long comparedEpoch() {
    return compareWanted.get() ? -1 : mapEpoch;
  }

  @Override
  public void missing(BlockId block) {
    report(block);
  }

  @Override
  public void damaged(BlockId block) {
    // Without the note that it is bad, the copy would be taken for good, as it is there.
    if (damaged.contains(block) || damaged.size() < REMEMBERED_MAX) {
      damaged.add(block);
      report(block);
    }
  }

  /** Over the bound it is forgotten: the next reader reports it again. */
  private void report(BlockId block) {
    if (reported.size() < REMEMBERED_MAX && reported.add(block)) {
      wake();
    }
  }

  private long pass() throws IOException {
    needWhatWasReported();
    settleFetched();
    long now = replication.clock().nanoTime();
    if (compareAgainNanos - now <= 0) {
      compareIfWanted();
    }
    long next = walk();
    // What a comparison would add waits for it; what is needed by now does not.
    long compare = compareWanted.get() ? Math.max(0, compareAgainNanos - now) : -1;
    return next < 0 || compare < 0 ? Math.max(next, compare) : Math.min(next, compare);
  }

  /** Goes through the needed set. Returns as {@link #examine}. */
  private long walk() throws IOException {
    long now = replication.clock().nanoTime();
    if (!inCycle) {
      boolean again = changed.get() || leftBehind;
      if (!again) {
        if (underWay.isEmpty()) {
          meter.idle();
        }
        return -1;
      }
      if (restUntilNanos - now > 0) {
        return restUntilNanos - now;
      }
      beginCycle();
    }
    walkStartedNanos = now;
    long stopped = fetchWhatReadersMiss();
    if (stopped < 0) {
      stopped = cycle();
    }
    walkedNanos += replication.clock().nanoTime() - walkStartedNanos;
    return stopped;
  }

  /** Before all the others. Returns as {@link #examine}. */
  private long fetchWhatReadersMiss() {
    while (!first.isEmpty()) {
      BlockRow row = directory.row(first.peek());
      if (row != null && !underWay.contains(row.block()) && !isHeld(row)) {
        long stopped = fetchIfRoom(row, replication.clock().nanoTime());
        if (stopped >= 0) {
          return stopped;
        }
      }
      first.remove();
    }
    return -1;
  }

  private void needWhatWasReported() {
    List<BlockId> need = new ArrayList<>();
    for (Iterator<BlockId> each = reported.iterator(); each.hasNext(); ) {
      BlockId block = each.next();
      // A peer may have asked for any number: only what the log says is needed.
      if (directory.row(block) != null && replication.isReplicaOf(block.group())) {
        if (damaged.contains(block) || !directory.isNeeded(block)) {
          ledger.found(block);
        }
        need.add(block);
        if (first.size() < PAGE) {
          first.add(block);
        }
      } else {
        damaged.remove(block);
      }
      each.remove();
    }
    if (!need.isEmpty()) {
      directory.need(need);
    }
  }

  private void settleFetched() throws IOException {
    List<BlockId> done = new ArrayList<>();
    List<BlockId> gone = new ArrayList<>();
    Iterator<Map.Entry<BlockId, Outcome>> ended = fetched.entrySet().iterator();
    while (ended.hasNext()) {
      Map.Entry<BlockId, Outcome> each = ended.next();
      BlockId block = each.getKey();
      Outcome outcome = each.getValue();
      ended.remove();
      // A block that was dropped meanwhile is nowhere to be had, and comes into the set once more
      // when a comparison or a reader names it at that very moment.
      boolean isGone = directory.row(block) == null;
      if (isGone) {
        gone.add(block);
        ledger.gone(block);
      } else if (outcome == Outcome.STORED) {
        ledger.repaired(block);
      }
      if (isGone || outcome == Outcome.STORED) {
        damaged.remove(block);
        troubles.remove(block);
        done.add(block);
      } else {
        retryLater(block, outcome);
      }
      underWay.remove(block);
    }
    if (!done.isEmpty()) {
      directory.settled(done);
    }
    if (!gone.isEmpty()) {
      // The collector may have deleted it before the fetch brought it back.
      replication.local().delete(gone);
    }
  }

  private void retryLater(BlockId block, Outcome outcome) {
    int times = timesOf(block) + (outcome == Outcome.UNANSWERED ? 0 : 1);
    remember(block, times, Math.min(RETRY_MIN_NANOS << Math.min(times, 10), RETRY_MAX_NANOS));
  }

  private int timesOf(BlockId block) {
    Trouble trouble = troubles.get(block);
    return trouble == null ? 0 : trouble.times();
  }

  private void remember(BlockId block, int times, long waitNanos) {
    leftBehind = true;
    troubles.put(block, new Trouble(times, replication.clock().nanoTime() + waitNanos));
    if (troubles.size() > REMEMBERED_MAX) {
      troubles.remove(troubles.keySet().iterator().next());
    }
  }

  private void compareIfWanted() {
    long epoch = directory.replicas(0).epoch();
    if (!compareWanted.get() && epoch == mapEpoch) {
      return;
    }
    mapEpoch = -1; // First: at no moment may the comparison of before count as the one wanted.
    compareWanted.set(false);
    try {
      long missing = new Comparison(replication, passes::isClosed).run();
      mapEpoch = epoch;
      if (missing > 0) {
        LOG.info("{} blocks are to be fetched from other nodes", missing);
        bulk = true;
        changed.set(true);
      }
    } catch (IOException e) {
      if (!passes.isClosed()) {
        LOG.warn("the blocks cannot be compared with the tables: {}", e.toString());
      }
      compareWanted.set(true);
      compareAgainNanos = replication.clock().nanoTime() + COMPARE_AGAIN_NANOS;
    } catch (RuntimeException e) {
      compareWanted.set(true);
      throw e;
    }
  }

  private void beginCycle() {
    inCycle = true;
    changed.set(false);
    leftBehind = false;
    overlooked = false;
    triedBefore = passedOver ? triedLast : 0;
    passedOver = false;
    cursor = 0;
    walkedNanos = 0;
  }

  private void endCycle(long now) {
    inCycle = false;
    verifying = verifying && overlooked;
    bulk = bulk && leftBehind;
    // Walks over a long set take a fifth of the time at most. What was waited in between, for
    // fetches and their pace, is none of it: blocks that came meanwhile must not wait for that.
    long rest = Math.min(REST_MAX_NANOS, 4 * (walkedNanos + now - walkStartedNanos));
    restUntilNanos = now + Math.max(REST_MIN_NANOS, rest);
    if (!leftBehind && underWay.isEmpty()) {
      meter.idle();
    }
    forgetDropped();
    if (leftBehind) {
      restUntilNanos = Math.max(restUntilNanos, now + RETRY_MIN_NANOS);
    }
  }

  /** Faults of blocks that were dropped, and left the needed set, before a good copy was found. */
  private void forgetDropped() {
    ledger.forget(block -> !underWay.contains(block) && directory.row(block) == null);
    damaged.removeIf(block -> !underWay.contains(block) && directory.row(block) == null);
  }

  /** Goes on from where it stopped; returns when it wants to be run again. */
  private long cycle() throws IOException {
    while (!passes.isClosed()) {
      List<BlockRow> page = directory.neededAfter(cursor, PAGE);
      if (page.isEmpty()) {
        long now = replication.clock().nanoTime();
        endCycle(now);
        return changed.get() || leftBehind ? restUntilNanos - now : -1;
      }
      List<BlockId> held = new ArrayList<>();
      long stopped = -1;
      for (BlockRow row : page) {
        stopped = underWay.contains(row.block()) ? -1 : examine(row, held);
        if (stopped >= 0) {
          break;
        }
        cursor = row.block().value();
      }
      if (!held.isEmpty()) {
        directory.settled(held);
      }
      if (stopped >= 0) {
        return stopped;
      }
    }
    return -1;
  }

  /** Returns a negative number to go on, otherwise after how long to come back to this row. */
  private long examine(BlockRow row, List<BlockId> held) throws IOException {
    BlockId block = row.block();
    if (isHeld(row)) {
      troubles.remove(block);
      ledger.repaired(block);
      held.add(block);
      return -1;
    }
    long now = replication.clock().nanoTime();
    Trouble trouble = troubles.get(block);
    if (trouble == null && mayBeOnItsWay(block)) {
      remember(block, 0, settings.patience().toNanos());
      return -1;
    }
    if (trouble != null && trouble.notBeforeNanos() - now > 0) {
      leftBehind = true;
      return -1;
    }
    if (block.value() <= triedBefore) {
      leftBehind = true;
      return -1;
    }
    long stopped = fetchIfRoom(row, now);
    triedLast = underWay.contains(block) ? block.value() : triedLast;
    return stopped;
  }

  /**
   * Not when so many are awaited that they cannot be remembered: a node that is so far behind waits
   * for no writer, or it would forget the first ones over the last and wait for them anew, for
   * ever.
   */
  private boolean mayBeOnItsWay(BlockId block) {
    return !bulk && !damaged.contains(block) && troubles.size() < REMEMBERED_MAX;
  }

  private boolean isHeld(BlockRow row) {
    foundBad = damaged.contains(row.block());
    if (foundBad) {
      return false;
    }
    try {
      return verifying ? isGood(row) : isThere(row);
    } catch (IOException e) {
      // The others must not wait for this one.
      LOG.warn("fetching {} anew, the store cannot tell about it: {}", row.block(), e.toString());
      return false;
    }
  }

  private boolean isThere(BlockRow row) throws IOException {
    LocalBlock found = replication.local().find(row.block());
    return found != null && found.is(row.length(), row.crc32c());
  }

  private boolean isGood(BlockRow row) throws IOException {
    CopyCheck.Verdict verdict =
        CopyCheck.of(replication.local(), row, ByteBuffer.allocate(row.length()));
    foundBad = verdict == CopyCheck.Verdict.DAMAGED;
    if (verdict == CopyCheck.Verdict.DAMAGED && damaged.size() < REMEMBERED_MAX) {
      LOG.warn("repairing {}: its copy is bad", row.block());
      damaged.add(row.block());
      ledger.found(row.block());
    } else if (verdict == CopyCheck.Verdict.DAMAGED) {
      overlooked = true;
      leftBehind = true;
    }
    return verdict == CopyCheck.Verdict.GOOD;
  }

  private long fetchIfRoom(BlockRow row, long now) {
    if (underWay.size() >= settings.parallel()) {
      // The end of any fetch wakes.
      return RETRY_MAX_NANOS;
    }
    if (pause.isOn()) {
      leftBehind = true;
      passedOver = true;
      return -1;
    }
    long wait = pace.waitNanos(now);
    if (wait > 0) {
      return wait;
    }
    meter.busy(now);
    pace.took(row.length(), now);
    underWay.add(row.block());
    boolean bad = foundBad;
    var unused =
        new Fetch(
                replication,
                loads,
                row,
                settings.fetchTimeout(),
                () -> bad || damaged.contains(row.block()))
            .start()
            .whenComplete((done, failure) -> fetchEnded(row, failure));
    return -1;
  }

  private void fetchEnded(BlockRow row, @Nullable Throwable failure) {
    if (failure == null) {
      pause.succeeded();
      meter.fetched(row.length(), replication.clock().nanoTime());
    } else {
      pause.failed(failure);
    }
    fetched.put(row.block(), outcome(failure));
    passes.wake();
  }

  private static Outcome outcome(@Nullable Throwable failure) {
    if (failure == null) {
      return Outcome.STORED;
    }
    boolean unanswered = Failures.unwrap(failure) instanceof RemoteRead.NoAnswerException;
    return unanswered ? Outcome.UNANSWERED : Outcome.FAILED;
  }

  /** Whether so many faults wait that more of them may be forgotten. Cheap. */
  public boolean isSwamped() {
    return Math.max(damaged.size() + reported.size(), ledger.counts().open()) > REMEMBERED_MAX / 2;
  }

  /** Whether copies were reported bad or gone that no pass has looked at yet. Cheap. */
  public boolean hasReports() {
    return !reported.isEmpty();
  }

  /** Bad copies found and repaired. Cheap. */
  public Faults faults() {
    return ledger.counts();
  }

  /** How many blocks were fetched since the start. */
  public long fetchedBlocks() {
    return meter.fetched().blocks();
  }

  /** How far this node is behind. May walk over the needed set; not for hot paths. */
  public Progress progress() {
    NeedCount.Amount needed = needCount.now();
    return meter.progress(needed.blocks(), needed.bytes(), replication.clock().nanoTime());
  }

  /**
   * How many of the needed blocks are in each placement group, those without any left out, as of
   * the last count; null while the needed set may lack some. As {@link #progress}.
   */
  public @Nullable Map<Integer, Long> neededByGroup() {
    return comparedEpoch() < 0 ? null : needCount.byGroup();
  }

  @Override
  public void close() {
    passes.close();
  }
}
