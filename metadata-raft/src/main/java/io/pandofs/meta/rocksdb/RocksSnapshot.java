package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.StoreException;
import io.pandofs.meta.engine.Table;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/**
 * The tables as of one applied index, whatever is committed afterwards. Thread-safe (its cursors
 * are not). Close it soon: it keeps old rows from being compacted away.
 */
public final class RocksSnapshot implements ReadStore, AutoCloseable {
  private final Gate gate;
  private final RocksDB database;
  private final Columns columns;
  private final Pinned pinned;
  private final AppliedIndex applied;

  /** The native side. */
  private static final class Pinned implements Runnable {
    private final RocksDB database;
    private final Snapshot snapshot;
    private final ReadOptions options;
    private volatile boolean freed;

    Pinned(RocksDB database) {
      this.database = database;
      this.snapshot = database.getSnapshot();
      this.options = new ReadOptions().setSnapshot(snapshot);
    }

    ReadOptions options() {
      if (freed) {
        throw new StoreException("the snapshot is closed");
      }
      return options;
    }

    @Override
    public void run() {
      freed = true;
      options.close();
      database.releaseSnapshot(snapshot);
    }
  }

  /** Pins a snapshot; called within the gate. */
  RocksSnapshot(Gate gate, RocksDB database, Columns columns) throws RocksDBException {
    this.gate = gate;
    this.database = database;
    this.columns = columns;
    this.pinned = new Pinned(database);
    gate.opened(pinned);
    this.applied =
        AppliedIndex.decode(
            database.get(columns.of(LocalTable.STATE), pinned.options(), AppliedIndex.KEY));
  }

  /** The last log entry that this shows. */
  public AppliedIndex applied() {
    return applied;
  }

  @Override
  public byte @Nullable [] get(Table table, byte[] key) {
    return get(columns.of(table), key);
  }

  @Override
  @SuppressWarnings("NullAway") // does not follow a nullable type argument into a lambda
  public @Nullable Row floor(Table table, byte[] key) {
    return gate.<@Nullable Row>pass(
        () -> {
          try (RocksIterator rows = database.newIterator(columns.of(table), pinned.options())) {
            return RocksTables.floor(rows, key);
          }
        });
  }

  @Override
  public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
    return scan(columns.of(table), from, to);
  }

  /** The value of a key of a local table; null if there is none. */
  public byte @Nullable [] getLocal(LocalTable table, byte[] key) {
    return get(columns.of(table), key);
  }

  /** Rows of a local table; see {@link #scan}. */
  public Cursor scanLocal(LocalTable table, byte[] from, byte @Nullable [] to) {
    return scan(columns.of(table), from, to);
  }

  private byte @Nullable [] get(ColumnFamilyHandle column, byte[] key) {
    return gate.<byte @Nullable []>pass(() -> database.get(column, pinned.options(), key));
  }

  private Cursor scan(ColumnFamilyHandle column, byte[] from, byte @Nullable [] to) {
    return gate.pass(
        () -> {
          ReadOptions options = new ReadOptions(pinned.options());
          Slice bound = to == null ? null : new Slice(to);
          if (bound != null) {
            options.setIterateUpperBound(bound);
          }
          RocksIterator rows = database.newIterator(column, options);
          return new RocksCursor(gate, new RocksCursor.Free(rows, options, bound), from);
        });
  }

  @Override
  public void close() {
    gate.free(pinned);
  }
}
