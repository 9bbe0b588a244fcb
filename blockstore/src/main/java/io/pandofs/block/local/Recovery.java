package io.pandofs.block.local;

import io.pandofs.block.StoreFullException;
import io.pandofs.block.StoreRefusedException.Reason;
import io.pandofs.common.RocksLogs;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the tables of a store: makes them in an empty directory, refuses what is not ours or not
 * whole, and removes what a crash left half done.
 *
 * <p>A new store is made in the order database, STORE, superblock; so a store with blocks in it has
 * all three, whatever was interrupted, and one that has lost a part of itself is never taken for a
 * new one.
 */
final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final LocalBlockOptions options;
  private final StoreHome home;

  Recovery(LocalBlockOptions options, StoreHome home) {
    this.options = options;
    this.home = home;
  }

  /** The tables, checked and cleaned. */
  Tables open() throws IOException {
    boolean stamped = home.isStamped(options.stamp());
    if (stamped && !home.hasDatabase()) {
      throw home.refuse(Reason.DAMAGED, "is damaged: its database is gone");
    }
    if (!stamped && !home.hasDatabase() && home.hasStrangers()) {
      throw home.refuse(Reason.UNUSABLE, "is neither empty nor a block store");
    }
    String noted = home.noted();
    String damage = noted != null ? noted : RocksLogs.damage(home.database());
    if (damage != null) {
      throw home.refuse(Reason.DAMAGED, "is damaged: " + damage);
    }
    Tables tables = openTables(!stamped);
    try {
      identify(tables, stamped);
      home.sweep();
      return tables;
    } catch (RocksDBException | DamagedRowException e) {
      tables.close();
      throw home.refuse(Reason.DAMAGED, "is damaged: " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      tables.close();
      throw e;
    }
  }

  private Tables openTables(boolean create) throws IOException {
    try {
      return new Tables(home.database(), options.memoryBytes(), create, options.compression());
    } catch (RocksDBException e) {
      throw translate(e);
    }
  }

  private IOException translate(RocksDBException e) {
    Status status = e.getStatus();
    String message = String.valueOf(e.getMessage());
    if (Committer.isNoSpace(e)) {
      return new StoreFullException("no space left to open the block store", e);
    }
    Status.Code code = status == null ? Status.Code.Undefined : status.getCode();
    if (code == Status.Code.Corruption || (code == Status.Code.IOError && isGone(message))) {
      return home.refuse(Reason.DAMAGED, "is damaged: " + message, e);
    }
    if (code != Status.Code.IOError) {
      return home.refuse(Reason.UNUSABLE, "cannot be used: " + message, e);
    }
    if (message.contains("lock")) {
      return home.refuse(Reason.LOCKED, "is already open: stop the other process first", e);
    }
    return new IOException("the block store cannot be opened: " + message, e);
  }

  private static boolean isGone(String message) {
    return message.contains("No such file");
  }

  private void identify(Tables tables, boolean stamped) throws RocksDBException, IOException {
    if (tables.hasSuperblock()) {
      if (!stamped) {
        throw home.refuse(Reason.DAMAGED, "is damaged: its file STORE is gone");
      }
      return;
    }
    if (tables.nextSegment() != Keys.SMALL + 1 || hasBlocks(tables)) {
      throw home.refuse(Reason.DAMAGED, "is damaged: it has blocks but no superblock");
    }
    if (!stamped) {
      home.stamp(options.stamp());
    }
    tables.writeSuperblock();
  }

  private static boolean hasBlocks(Tables tables) throws RocksDBException {
    boolean[] found = new boolean[1];
    tables.locationsAfter(0, 1, (block, row) -> found[0] = true);
    return found[0];
  }

  /** The segments as the tables have them, after files that no row knows are gone. */
  Segments segments(Tables tables) throws IOException {
    try {
      Map<Long, SegmentRow> rows = new HashMap<>();
      tables.segments(rows::put);
      long next = tables.nextSegment();
      for (long segment : tables.segmentFiles()) {
        next = Math.max(next, segment + 1);
        if (!rows.containsKey(segment)) {
          LOG.info("removing segment {}, which was not finished before the last stop", segment);
          tables.dropSegmentFile(segment);
        }
      }
      return new Segments(rows, next);
    } catch (RocksDBException | DamagedRowException e) {
      throw home.refuse(Reason.DAMAGED, "is damaged: " + e.getMessage(), e);
    }
  }
}
