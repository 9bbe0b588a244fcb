package io.pandofs.meta.rocksdb;

import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * The memory that all tables of a process share: a block cache, and write buffers that are charged
 * to it. Close it after the tables. Thread-safe.
 */
public final class RocksMemory implements AutoCloseable {
  private final Cache cache;
  private final WriteBufferManager writeBuffers;

  /**
   * Takes a budget.
   *
   * @param cacheBytesMax of the cache, write buffers included
   * @param writeBufferBytesMax at most half of it
   */
  public RocksMemory(long cacheBytesMax, long writeBufferBytesMax) {
    if (writeBufferBytesMax <= 0 || writeBufferBytesMax > cacheBytesMax / 2) {
      throw new IllegalArgumentException("write buffers must be at most half of the cache");
    }
    RocksDB.loadLibrary();
    this.cache = new LRUCache(cacheBytesMax);
    this.writeBuffers = new WriteBufferManager(writeBufferBytesMax, cache);
  }

  Cache cache() {
    return cache;
  }

  WriteBufferManager writeBuffers() {
    return writeBuffers;
  }

  @Override
  public void close() {
    writeBuffers.close();
    cache.close();
  }
}
