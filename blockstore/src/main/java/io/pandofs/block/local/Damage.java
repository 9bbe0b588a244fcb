package io.pandofs.block.local;

import io.pandofs.block.StoreDamagedException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private final AtomicBoolean isNoted = new AtomicBoolean();

  Damage(StoreHome home) {
    this.home = home;
  }

  /**
   * What a caller is told.
   *
   * @param what could not be done
   */
  IOException of(String what, Throwable cause) {
    if (!isDamage(cause)) {
      return new IOException(what, cause);
    }
    note(what + ": " + cause.getMessage());
    return new StoreDamagedException(what, cause);
  }

  private static boolean isDamage(Throwable cause) {
    if (cause instanceof RocksDBException e) {
      Status status = e.getStatus();
      return status != null && status.getCode() == Status.Code.Corruption;
    }
    return cause instanceof DamagedRowException;
  }

  private void note(String what) {
    if (!isNoted.compareAndSet(false, true)) {
      return;
    }
    LOG.error("the tables of the block store are damaged: {}", what);
    try {
      home.note(what);
    } catch (IOException e) {
      LOG.error(
          "that the block store is damaged cannot be noted; the next start may not see it", e);
    }
  }
}
