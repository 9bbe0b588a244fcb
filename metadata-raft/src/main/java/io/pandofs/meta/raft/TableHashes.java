package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.meta.engine.TableHash;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hashes of the tables as of the last few indexes at which one was asked for. Thread-safe. */
final class TableHashes {
  private static final Logger LOG = LoggerFactory.getLogger(TableHashes.class);
  private static final int REMEMBERED = 8;

  private static final String DIFFERENT =
      "the metadata tables are not those of a majority of the nodes: one side is damaged";

  private final Executor executor;

  @GuardedBy("this")
  private final TreeMap<Long, String> byIndex = new TreeMap<>();

  @GuardedBy("this")
  private @Nullable LocalSnapshot waiting;

  /** How often the tables were replaced by others. */
  @GuardedBy("this")
  private long replaced;

  @GuardedBy("this")
  private boolean different;

  @GuardedBy("this")
  private boolean closed;

  /**
   * @param executor for work of seconds
   */
  TableHashes(Executor executor) {
    this.executor = executor;
  }

  /**
   * Hashes in the background what the snapshot shows, and closes it. Not while another one waits
   * its turn, which may be behind work of minutes: each keeps old rows on the disk.
   */
  void add(LocalSnapshot snapshot) {
    synchronized (this) {
      if (closed || waiting != null) {
        snapshot.close();
        return;
      }
      waiting = snapshot;
    }
    try {
      executor.execute(this::hashWaiting);
    } catch (RejectedExecutionException e) {
      LOG.debug("The tables are not hashed any more", e);
      drop();
    }
  }

  private void hashWaiting() {
    long of = timesReplaced();
    try (LocalSnapshot snapshot = take()) {
      if (snapshot != null) {
        byte[] hash = TableHash.of(snapshot.store());
        remember(of, snapshot.index(), HexFormat.of().formatHex(hash));
      }
    } catch (RuntimeException e) {
      LOG.error("The tables could not be hashed", e);
    }
  }

  private synchronized long timesReplaced() {
    return replaced;
  }

  private synchronized @Nullable LocalSnapshot take() {
    LocalSnapshot snapshot = waiting;
    waiting = null;
    return snapshot;
  }

  private void drop() {
    LocalSnapshot snapshot = take();
    if (snapshot != null) {
      snapshot.close();
    }
  }

  /**
   * The leader has compared. A difference is said, and no more: the majority may be those who have
   * copied damaged tables from one another, and a quorum may rest on this node.
   */
  synchronized void compared(boolean differs) {
    if (differs && !different) {
      LOG.error(DIFFERENT);
    }
    different = differs;
  }

  /** What is wrong with the tables, by the last comparison; null for nothing. */
  synchronized @Nullable String trouble() {
    return different ? DIFFERENT : null;
  }

  /** The tables are others now: what the hashes are of, also those not computed yet, is gone. */
  void forget() {
    synchronized (this) {
      replaced++;
      byIndex.clear();
      different = false;
    }
    drop();
  }

  /** No more is begun; the tables need not wait for what has not been. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    drop();
  }

  private synchronized void remember(long of, long index, String hash) {
    if (of != replaced) {
      return;
    }
    byIndex.put(index, hash);
    if (byIndex.size() > REMEMBERED) {
      byIndex.pollFirstEntry();
    }
    LOG.debug("Tables at {}: {}", index, hash);
  }

  /** The one as of the highest index; null when there is none. */
  synchronized Map.@Nullable Entry<Long, String> newest() {
    return byIndex.lastEntry();
  }

  synchronized Map<Long, String> all() {
    return Map.copyOf(byIndex);
  }
}
