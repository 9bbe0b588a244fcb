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
 * What becomes of a replica that has failed. One whose disk was full is started anew when there is
 * space, which is as safe as a restart of the process: nothing that was not synced is believed; see
 * {@link LogCheck}. Whose disk gave errors stays fenced until a person has started the process
 * anew. Whose data are damaged is remembered as such on the disk, and ends; so does every other.
 * Thread-safe.
 */
final class Revival {
  private static final Logger LOG = LoggerFactory.getLogger(Revival.class);
  private static final long LOOK_MILLIS = 1_000;

  /** Files of the log that must fit, besides what the tables write when they are opened. */
  private static final int SEGMENTS = 2;

  private static final long SPACE_MIN = 8 << 20;

  private final ReplicaConfig config;
  private final Surroundings surroundings;
  private final DataDirectory data;
  private final Reopening reopening;
  private final CompletableFuture<ReplicaFailure> ended = new CompletableFuture<>();

  @GuardedBy("this")
  private @Nullable RunningReplica down;

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
      case DISK_FULL -> {
        Thread reviver = new Thread(() -> revive(replica), "pando-revival");
        reviver.setDaemon(true);
        reviver.start();
      }
      case DISK_ERROR ->
          LOG.error("this node is fenced until its process is started anew: {}", failure.reason());
      case DAMAGED -> {
        remember(failure);
        ended.complete(failure);
      }
      case REMOVED, DEFECT -> ended.complete(failure);
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
    LOG.warn("waiting for {} bytes of free space in {}", needed, config.dataDir());
    try {
      while (free() < needed) {
        if (pausedUntilClosed()) {
          return;
        }
      }
      LOG.info("there is space again in {}: this replica goes on", config.dataDir());
      reopening.reopen(replica);
    } catch (IOException | RuntimeException e) {
      ReplicaFailure failure = ReplicaFailure.of("the replica does not come back", e);
      LOG.error("{}", failure.reason(), e);
      if (!pausedUntilClosed()) {
        settle(replica, failure);
      }
    }
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
        if (left <= 0 || isClosed()) {
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

  /** Nothing is put in motion again after this. */
  synchronized void close() {
    closed.countDown();
    notifyAll();
  }
}
