package io.pandofs.block.local;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.StoreDamagedException;
import io.pandofs.common.time.Clock;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells damaged tables from disks that fail. Damage is noted in the store's directory, once, so
 * that the next start knows: it is in files that RocksDB need not look at when it opens them.
 * Thread-safe.
 */
final class Damage {
  private static final Logger LOG = LoggerFactory.getLogger(Damage.class);

  /** A disk that takes no note now is asked again no sooner. */
  private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final StoreHome home;
  private final Clock clock;

  @GuardedBy("this")
  private boolean isNoted;

  @GuardedBy("this")
  private long triedNanos;

  Damage(StoreHome home, Clock clock) {
    this.home = home;
    this.clock = clock;
    this.triedNanos = clock.nanoTime() - AGAIN_NANOS;
  }

  /**
   * What a caller is told: a {@link StoreDamagedException} once the damage is noted, since only
   * then the next opening does better; otherwise a plain one.
   *
   * @param what could not be done
   */
  IOException of(String what, Throwable cause) {
    return isDamage(cause) && note(what + ": " + cause.getMessage())
        ? new StoreDamagedException(what, cause)
        : new IOException(what, cause);
  }

  private static boolean isDamage(Throwable cause) {
    if (cause instanceof RocksDBException e) {
      Status status = e.getStatus();
      return status != null && status.getCode() == Status.Code.Corruption;
    }
    return cause instanceof DamagedRowException;
  }

  /** Whoever else meets the damage waits until it is noted; the store is of no use meanwhile. */
  private synchronized boolean note(String what) {
    long now = clock.nanoTime();
    if (isNoted || now - triedNanos < AGAIN_NANOS) {
      return isNoted;
    }
    triedNanos = now;
    LOG.error("the tables of the block store are damaged: {}", what);
    try {
      home.note(what);
      isNoted = true;
    } catch (IOException e) {
      LOG.error("that the block store is damaged cannot be noted", e);
    }
    return isNoted;
  }
}
