package io.pandofs.meta.raft;

import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.StoreException;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The replica's care for its own disk, every second or so: checkpoints by size, number and time,
 * after which the log is purged; evidence for the next start; and reading all of the tables and of
 * the checkpoint after a start and after each checkpoint, so that damage is found before it is
 * needed. A damaged checkpoint is replaced by another as soon as there is anything new; each peer
 * that it was sent to would refuse it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the chain ends in a handler of success and failure
final class Upkeep {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);

  private final RatisNode ratis;
  private final LogLimits limits;
  private final Clock clock;
  private final PandoStateMachine machine;
  private final Checkpoints checkpoints;
  private final AppliedGate applied;
  private final LiveTables tables;
  private final LogStall stall;
  private final ReplicaWatch watch;
  private final PandoStateMachine.Faults faults;
  private final OneMore evidence;
  private final OneMore verification;

  /** Touched by the thread that calls {@link #look} alone. */
  private long lastNanos;

  private long bytesThen;
  private long indexThen;
  private volatile boolean stopped;

  /** The newest checkpoint is of no use. */
  private volatile boolean checkpointIsBad;

  /** Work that is done once more after it was asked for, however often that was meanwhile. */
  private static final class OneMore {
    private final Executor executor;
    private final Runnable work;
    private final AtomicBoolean asked = new AtomicBoolean();

    OneMore(Executor executor, Runnable work) {
      this.executor = executor;
      this.work = work;
    }

    void ask() {
      if (asked.compareAndSet(false, true)) {
        executor.execute(
            () -> {
              asked.set(false);
              work.run();
            });
      }
    }
  }

  /**
   * @param background for what syncs files
   * @param reading for reading all of the tables; not the same, as evidence must not be older than
   *     a second or so
   */
  Upkeep(
      RatisNode ratis,
      LogLimits limits,
      Clock clock,
      PandoStateMachine machine,
      Checkpoints checkpoints,
      AppliedGate applied,
      LiveTables tables,
      LogStall stall,
      ReplicaWatch watch,
      PandoStateMachine.Faults faults,
      Executor background,
      Executor reading) {
    this.ratis = ratis;
    this.limits = limits;
    this.clock = clock;
    this.machine = machine;
    this.checkpoints = checkpoints;
    this.applied = applied;
    this.tables = tables;
    this.stall = stall;
    this.watch = watch;
    this.faults = faults;
    this.evidence = new OneMore(background, this::writeEvidence);
    this.verification = new OneMore(reading, this::verify);
    this.lastNanos = clock.nanoTime();
    SnapshotInfo latest = checkpoints.getLatestSnapshot();
    this.indexThen = latest == null ? -1 : latest.getIndex();
  }

  /** After the start. */
  void begin() {
    verification.ask();
  }

  /** The replica serves no more: nothing is written for it. */
  void stop() {
    stopped = true;
  }

  /** Called again and again, by one thread; does not block it. */
  void look() {
    evidence.ask();
    stall.look();
    checkpointIfDue();
  }

  private void checkpointIfDue() {
    long now = clock.nanoTime();
    SnapshotInfo latest = checkpoints.getLatestSnapshot();
    long at = latest == null ? -1 : latest.getIndex();
    boolean due =
        applied.get() - indexThen >= limits.checkpointEntries()
            || machine.bytesApplied() - bytesThen > limits.checkpointBytes()
            || now - lastNanos > limits.checkpointEvery().toNanos()
            || checkpointIsBad;
    if (stopped || !due || applied.get() <= at) {
      return;
    }
    lastNanos = now;
    bytesThen = machine.bytesApplied();
    indexThen = applied.get();
    boolean wasBad = checkpointIsBad;
    checkpointIsBad = false;
    ratis
        .checkpoint()
        .whenComplete(
            (index, failure) -> {
              if (failure != null) {
                checkpointIsBad = checkpointIsBad || wasBad;
                LOG.warn("{}: no checkpoint was made: {}", ratis.self(), failure.toString());
              } else if (!stopped) {
                // It shares its files with the tables: what is wrong in one is wrong in both.
                verification.ask();
              }
            });
  }

  private void writeEvidence() {
    if (stopped) {
      return;
    }
    try {
      watch.look();
    } catch (IOException e) {
      faults.failed("how far the log is can't be written down", e);
    } catch (IllegalStateException e) {
      LOG.debug("{}: nothing to see: {}", ratis.self(), e.toString());
    }
  }

  /** Damage is told as a fault of the tables. */
  private void verify() {
    try {
      tables.verify();
      verifyCheckpoint();
    } catch (StoreException | IllegalStateException e) {
      LOG.debug("{}: the tables were not verified: {}", ratis.self(), e.toString());
    }
  }

  private void verifyCheckpoint() {
    SnapshotInfo latest = checkpoints.getLatestSnapshot();
    if (latest == null) {
      return;
    }
    try {
      tables.verifyCheckpoint(checkpoints.directory(latest.getTermIndex()));
    } catch (IOException e) {
      // It may have been replaced meanwhile, and deleted.
      SnapshotInfo now = checkpoints.getLatestSnapshot();
      if (now != null && now.getTermIndex().equals(latest.getTermIndex())) {
        LOG.error("{}: the checkpoint is damaged; another is made", ratis.self(), e);
        checkpointIsBad = true;
      }
    }
  }
}
