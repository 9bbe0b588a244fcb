package io.pandofs.block.local;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.StoreDamagedException;
import java.io.IOException;
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

  private final StoreHome home;

  @GuardedBy("this")
  private boolean isNoted;

  Damage(StoreHome home) {
    this.home = home;
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
    if (isNoted) {
      return true;
    }
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
