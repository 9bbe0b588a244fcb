package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a replica that has failed. One that stopped for no known reason is started anew,
 * unless none of several in a row has run for a while. One whose disk was full is started anew when
 * there is space, again and again if need be, which is as safe as a restart of the process: nothing
 * that was not synced is believed; see {@link LogCheck}. Whose disk gave errors stays fenced until
 * a person has started the process anew. Whose data are damaged is remembered as such on the disk,
 * and ends; so does every other. Thread-safe.
 */
final class Revival {
  private static final Logger LOG = LoggerFactory.getLogger(Revival.class);
  private static final long LOOK_MILLIS = 1_000;

  /** Files of the log that must fit, besides what the tables write when they are opened. */
  private static final int SEGMENTS = 2;

  private static final long SPACE_MIN = 8 << 20;

  /** So many in a row that stop by themselves, each before it has run that long, are a defect. */
  static final int STOPS_MAX = 5;

  static final Duration RUNS = Duration.ofMinutes(2);

  private final ReplicaConfig config;
  private final Surroundings surroundings;
  private final DataDirectory data;
  private final Reopening reopening;
  private final CompletableFuture<ReplicaFailure> ended = new CompletableFuture<>();

  @GuardedBy("this")
  private @Nullable RunningReplica down;

  @GuardedBy("this")
  private @Nullable Thread reviver;

  /** When the replica of now began. */
  @GuardedBy("this")
  private long sinceNanos;

  @GuardedBy("this")
  private int stops;

  private final CountDownLatch closed = new CountDownLatch(1);

  /** Closes a failed replica and puts a new one in its place. */
  @FunctionalInterface
  interface Reopening {
    void reopen(RunningReplica before) throws IOException;
  }

  Revival(
      ReplicaConfig config, Surroundings surroundings, DataDirectory data, Reopening reopening) {
    this.config = config;
    this.surroundings = surroundings;
    this.data = data;
    this.reopening = reopening;
  }

  /** Sees to this replica from now on. */
  void watch(RunningReplica replica) {
    synchronized (this) {
      down = null;
      sinceNanos = surroundings.clock().nanoTime();
      notifyAll();
    }
    var unused = replica.failed().thenAccept(failure -> failed(replica, failure));
  }

  CompletableFuture<ReplicaFailure> ended() {
    return ended.copy();
  }

  private void failed(RunningReplica replica, ReplicaFailure failure) {
    synchronized (this) {
      if (isClosed()) {
        return;
      }
      down = replica;
    }
    settle(replica, failure);
  }

  private void settle(RunningReplica replica, ReplicaFailure failure) {
    switch (failure.kind()) {
      case STOPPED -> {
        if (stopsAgain()) {
          String what = "this happened " + STOPS_MAX + " times in a row: " + failure.reason();
          end(new ReplicaFailure(ReplicaFailure.Kind.DEFECT, what));
        } else {
          startReviving(replica);
        }
      }
      case INTERRUPTED, DISK_FULL -> startReviving(replica);
      case DISK_ERROR ->
          LOG.error("this node is fenced until its process is started anew: {}", failure.reason());
      case DAMAGED -> {
        remember(failure);
        end(failure);
      }
      case REMOVED, DEFECT -> end(failure);
    }
  }

  private synchronized boolean stopsAgain() {
    boolean soon = surroundings.clock().nanoTime() - sinceNanos < RUNS.toNanos();
    stops = soon ? stops + 1 : 1;
    return stops >= STOPS_MAX;
  }

  private synchronized void startReviving(RunningReplica replica) {
    if (!isClosed()) {
      Thread started = new Thread(() -> revive(replica), "pando-revival");
      started.setDaemon(true);
      started.start();
      reviver = started;
    }
  }

  private void end(ReplicaFailure failure) {
    ended.complete(failure);
    synchronized (this) {
      notifyAll();
    }
  }

  private void remember(ReplicaFailure failure) {
    try {
      data.markDamaged(failure.reason());
    } catch (IOException e) {
      // The next start finds the damage again, or reads until it does.
      LOG.error("the damage could not be written down: {}", e.toString());
    }
  }

  private void revive(RunningReplica replica) {
    long needed = Math.max(SPACE_MIN, SEGMENTS * config.limits().segmentBytes());
    boolean waits = false;
    do {
      try {
        if (free() >= needed) {
          LOG.info("there is space in {}: this replica goes on", config.dataDir());
          reopening.reopen(replica);
          return;
        }
        if (!waits) {
          LOG.warn("waiting for {} bytes of free space in {}", needed, config.dataDir());
          waits = true;
        }
      } catch (IOException | RuntimeException e) {
        ReplicaFailure failure = why(e);
        LOG.error("{}", failure.reason(), e);
        if (!mayPass(failure, e)) {
          settle(replica, failure);
          return;
        }
      }
    } while (!pausedUntilClosed());
  }

  private static ReplicaFailure why(Exception e) {
    return e instanceof RefusedException
        ? new ReplicaFailure(ReplicaFailure.Kind.REMOVED, String.valueOf(e.getMessage()))
        : ReplicaFailure.of("the replica does not come back", e);
  }

  /** Whether another try may do: a port in use, say, is no error of the disk. */
  private static boolean mayPass(ReplicaFailure failure, Exception e) {
    return switch (failure.kind()) {
      case INTERRUPTED, STOPPED, DISK_FULL -> true;
      case DISK_ERROR -> !ReplicaFailure.namesDisk(e);
      case DAMAGED, REMOVED, DEFECT -> false;
    };
  }

  private long free() throws IOException {
    return Files.getFileStore(config.dataDir()).getUsableSpace();
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  /** Space comes back without a word: it is looked for again and again. */
  private boolean pausedUntilClosed() {
    try {
      return closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /**
   * Waits until the replica is not down.
   *
   * @return what is left of the patience
   * @throws ErrnoException EIO when it is not up in time
   */
  Duration await(Duration patience) throws ErrnoException {
    long deadline = surroundings.clock().nanoTime() + patience.toNanos();
    synchronized (this) {
      while (down != null) {
        long left = deadline - surroundings.clock().nanoTime();
        if (left <= 0 || isClosed() || ended.isDone()) {
          throw new ErrnoException(Errno.EIO, "this node's replica is down");
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new ErrnoException(Errno.EINTR);
        }
      }
    }
    return Duration.ofNanos(Math.max(0, deadline - surroundings.clock().nanoTime()));
  }

  /** Nothing is put in motion again after this; waits for what is being put in motion. */
  void close() {
    Thread last;
    synchronized (this) {
      closed.countDown();
      notifyAll();
      last = reviver;
    }
    try {
      if (last != null) {
        last.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
