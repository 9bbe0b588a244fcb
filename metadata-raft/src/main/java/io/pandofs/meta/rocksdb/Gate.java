package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.StoreException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.rocksdb.RocksDBException;

/**
 * Lets calls into the database while it is open. Native handles crash the process when they are
 * used after the database is closed: so closing waits for the calls that are inside, frees what
 * they have left open, and later ones get an exception. Thread-safe.
 */
final class Gate {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Set<Runnable> handles = ConcurrentHashMap.newKeySet();

  /** Written under the write lock, read under either. */
  private boolean closed;

  private volatile Consumer<TablesException> onFault = fault -> {};

  /** Something that touches native memory. */
  @FunctionalInterface
  interface Call<T> {
    T run() throws RocksDBException;
  }

  /** Runs a call, or throws {@link StoreException} when the tables are closed or it fails. */
  <T> T pass(Call<T> call) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new StoreException("the tables are closed");
      }
      return call.run();
    } catch (RocksDBException e) {
      throw failure(e);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Tells this, from any thread, of every fault of the disk or of what is on it. */
  void onFault(Consumer<TablesException> listener) {
    onFault = listener;
  }

  private StoreException failure(RocksDBException e) {
    String message = "the tables cannot be used: " + e.getMessage();
    TablesException.Kind kind = TablesException.kindOf(e);
    if (kind == null) {
      return new StoreException(message, e);
    }
    TablesException fault = new TablesException(kind, message, e);
    onFault.accept(fault);
    return new StoreException(message, fault);
  }

  /** Remembers how to free a handle; called within {@link #pass}. */
  void opened(Runnable free) {
    handles.add(free);
  }

  /** Frees a handle, if closing has not done so. */
  void free(Runnable free) {
    lock.readLock().lock();
    try {
      if (handles.remove(free)) {
        free.run();
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Shuts the gate and runs this once nobody is inside; does nothing the second time. */
  void close(Runnable last) {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        // Cursors before the snapshots and batches that they look at.
        handles.stream().filter(RocksCursor.Free.class::isInstance).forEach(Runnable::run);
        handles.stream().filter(free -> !(free instanceof RocksCursor.Free)).forEach(Runnable::run);
        handles.clear();
        last.run();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
