package io.pandofs.meta.engine;

import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;

/**
 * Applies log entries to the tables: a pure function of the entry, its index and the tables, alike
 * on every node and every JVM. Stateless and thread-safe as far as the stores are separate.
 */
public final class LogEngine {
  /**
   * Applies one entry. Each operation of a batch succeeds wholly or leaves nothing behind, by
   * itself.
   *
   * @param index the entry's place in the log
   * @throws StoreException when the tables cannot be used: nothing may be committed then
   */
  public LogReply apply(LogEntry entry, long index, Store store, LocalEffects effects) {
    throw new UnsupportedOperationException("arrives with the engine");
  }
}
