package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockRow;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every block that this node must hold, again and again, and checks it against the log's
 * block table ({@link BlockCheck}). What is bad or gone goes to the {@link Keeper}, which fetches
 * it from another replica.
 *
 * <p>A pass walks the block table in order, up to the last block there was when it began. It is
 * spread over half of {@link Settings#every}, and the next begins that long after its start; one
 * that somebody asked for runs at {@link Settings#bytesPerSecond}. Reads of mounts go first. Where
 * a pass is, is remembered across restarts.
 *
 * <p>Threads: steps run one at a time; what others look at is in fields guarded by "this". Memory:
 * one buffer of 4 MiB while a pass runs.
 */
public final class Scrub implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scrub.class);
  private static final int PAGE = 256;
  private static final int STEP_ROWS = 1024;
  private static final int STEP_BYTES = 1 << 20;
  private static final int ROW_COST_BYTES = 4096;
  private static final long SLOWEST_BYTES_PER_SECOND = 1 << 20;
  private static final long SAVE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long SWAMPED_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long WAIT_MAX_SECONDS = TimeUnit.HOURS.toSeconds(1);

  /**
   * Pace.
   *
   * @param bytesPerSecond at most
   * @param every from the start of one pass to the start of the next
   */
  public record Settings(long bytesPerSecond, Duration every) {
    public static final Settings DEFAULT = new Settings(64L << 20, Duration.ofDays(14));
  }

  /**
   * A pass, ended or not.
   *
   * @param startedSeconds since 1970
   * @param endedSeconds since 1970; 0 while it runs
   * @param blocks checked
   * @param bytes of these
   * @param faults found among these
   */
  public record Pass(
      long startedSeconds, long endedSeconds, long blocks, long bytes, long faults) {}

  /**
   * Where scrubbing is; what a restart goes on from.
   *
   * @param cursor the last block that was looked at in the present pass
   * @param upTo the last block of the present pass
   * @param present null between passes
   * @param last the last one that came to its end
   */
  public record State(long cursor, long upTo, @Nullable Pass present, @Nullable Pass last) {
    public static final State NEW = new State(0, 0, null, null);
  }

  /** Keeps the state; losing it costs a pass from the start, nothing else. */
  public interface Journal {
    /** The state that was saved last; {@link State#NEW} when there is none to be had. */
    State load();

    void save(State state) throws IOException;
  }

  private final Replication replication;
  private final BlockDirectory directory;
  private final Keeper keeper;
  private final ForegroundReads reads;
  private final Settings settings;
  private final Journal journal;
  private final BlockCheck check;
  private final Passes passes;

  // Guarded by "this"; written by the running step alone, but for the wish.
  private State state;
  private boolean wanted;
  private long begun;
  private long ended;

  // The running step's own.
  private final Deque<BlockRow> ahead = new ArrayDeque<>();
  private Pace pace;
  private long savedNanos;

  public Scrub(
      Replication replication,
      Keeper keeper,
      ForegroundReads reads,
      Settings settings,
      Journal journal) {
    this.replication = replication;
    this.directory = replication.directory();
    this.keeper = keeper;
    this.reads = reads;
    this.settings = settings;
    this.journal = journal;
    this.check = new BlockCheck(replication, keeper);
    this.state = journal.load();
    this.begun = state.present() == null ? 0 : 1;
    long now = replication.clock().nanoTime();
    this.pace = new Pace(settings.bytesPerSecond(), reads, now);
    this.savedNanos = now;
    this.passes = new Passes("scrub", replication.disk(), replication.scheduler(), this::step);
  }

  /** Goes on with the pass that the last stop interrupted, or begins one when it is due. */
  public void start() {
    pace = spread();
    passes.wake();
  }

  /**
   * Begins a pass from the first block now, in place of the one that runs.
   *
   * @return the number of the pass, for {@link #hasEnded}
   */
  public long startNow() {
    long number;
    synchronized (this) {
      wanted = true;
      number = begun + 1;
    }
    passes.wake();
    return number;
  }

  /** Whether the pass with this number, or a later one, has come to its end. */
  public synchronized boolean hasEnded(long number) {
    return ended >= number;
  }

  /** Where it is. */
  public synchronized State state() {
    return state;
  }

  private synchronized void become(State next) {
    state = next;
  }

  private synchronized boolean takeWish() {
    boolean was = wanted;
    wanted = false;
    if (was) {
      begun++;
    }
    return was;
  }

  private long step() throws IOException {
    long now = replication.clock().nanoTime();
    if (takeWish()) {
      begin();
      pace = new Pace(settings.bytesPerSecond(), reads, now);
    } else if (state().present() == null) {
      long wait = secondsToNext();
      if (wait > 0) {
        return TimeUnit.SECONDS.toNanos(Math.min(wait, WAIT_MAX_SECONDS));
      }
      synchronized (this) {
        begun++;
      }
      begin();
      pace = spread();
    }
    if (keeper.isSwamped()) {
      return SWAMPED_NANOS;
    }
    long wait = pace.waitNanos(now);
    if (wait > 0) {
      return wait;
    }
    checkSome(now);
    return 0;
  }

  /** The pace at which a pass takes half the time there is for one. */
  private Pace spread() {
    long halfSeconds = Math.max(1, settings.every().toSeconds() / 2);
    long needed = replication.local().usage().usedBytes() / halfSeconds;
    long rate = Math.max(SLOWEST_BYTES_PER_SECOND, needed);
    return new Pace(
        Math.min(rate, settings.bytesPerSecond()), reads, replication.clock().nanoTime());
  }

  private long seconds() {
    return replication.clock().now().seconds();
  }

  private long secondsToNext() {
    Pass last = state().last();
    long since = last == null ? Long.MAX_VALUE : seconds() - last.startedSeconds();
    // A clock that was set back makes no one wait for longer than usual.
    return since < 0 ? 0 : settings.every().toSeconds() - since;
  }

  private void begin() {
    ahead.clear();
    become(new State(0, lastBlock(), new Pass(seconds(), 0, 0, 0, 0), state().last()));
    save();
  }

  /** The number of the last committed block, by halving: there is no other way to ask. */
  private long lastBlock() {
    long low = 0;
    long high = Long.MAX_VALUE - 1;
    while (low < high) {
      long middle = low + (high - low) / 2;
      List<BlockRow> next = directory.rowsAfter(middle, 1);
      if (next.isEmpty()) {
        high = middle;
      } else {
        low = next.get(0).block().value();
      }
    }
    return low;
  }

  private void checkSome(long now) throws IOException {
    State from = state();
    Pass pass = from.present();
    if (pass == null) {
      throw new IllegalStateException("no pass runs");
    }
    long cursor = from.cursor();
    long blocks = 0;
    long bytes = 0;
    long found = 0;
    BlockRow row = null;
    for (int rows = 0; rows < STEP_ROWS && bytes < STEP_BYTES && !passes.isClosed(); rows++) {
      row = next(cursor, from.upTo());
      if (row == null) {
        break;
      }
      cursor = row.block().value();
      if (check.isMine(row.block())) {
        found += check.isFaulty(row) ? 1 : 0;
        blocks++;
        bytes += row.length();
      }
    }
    pace.took(bytes + blocks * ROW_COST_BYTES, now);
    Pass grown =
        new Pass(
            pass.startedSeconds(),
            0,
            pass.blocks() + blocks,
            pass.bytes() + bytes,
            pass.faults() + found);
    become(new State(cursor, from.upTo(), grown, from.last()));
    if (row == null && !passes.isClosed()) {
      end(grown);
    } else if (now - savedNanos >= SAVE_NANOS) {
      save();
    }
  }

  private @Nullable BlockRow next(long cursor, long upTo) {
    if (ahead.isEmpty()) {
      ahead.addAll(directory.rowsAfter(cursor, PAGE));
    }
    BlockRow next = ahead.poll();
    return next == null || next.block().value() > upTo ? null : next;
  }

  private void end(Pass pass) {
    check.rest();
    ahead.clear();
    Pass done =
        new Pass(pass.startedSeconds(), seconds(), pass.blocks(), pass.bytes(), pass.faults());
    synchronized (this) {
      state = new State(0, 0, null, done);
      ended = begun;
    }
    save();
    LOG.info("scrub: checked {} blocks, {} were bad or gone", pass.blocks(), pass.faults());
  }

  private void save() {
    savedNanos = replication.clock().nanoTime();
    try {
      journal.save(state());
    } catch (IOException e) {
      LOG.warn("a restart will begin the scrub anew: {}", e.toString());
    }
  }

  @Override
  public void close() {
    passes.close();
  }
}
