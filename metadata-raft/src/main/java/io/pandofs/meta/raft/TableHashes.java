package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.meta.engine.TableHash;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hashes of the tables as of the last few indexes at which one was asked for. Thread-safe. */
final class TableHashes {
  private static final Logger LOG = LoggerFactory.getLogger(TableHashes.class);
  private static final int REMEMBERED = 8;

  private final Executor executor;

  @GuardedBy("this")
  private final TreeMap<Long, String> byIndex = new TreeMap<>();

  /**
   * @param executor for work of seconds
   */
  TableHashes(Executor executor) {
    this.executor = executor;
  }

  /** Hashes in the background what the snapshot shows, and closes it. */
  void add(LocalSnapshot snapshot) {
    executor.execute(
        () -> {
          try (snapshot) {
            remember(snapshot.index(), HexFormat.of().formatHex(TableHash.of(snapshot.store())));
          } catch (RuntimeException e) {
            LOG.error("The tables could not be hashed", e);
          }
        });
  }

  private synchronized void remember(long index, String hash) {
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
