package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.Store;
import io.pandofs.meta.engine.StoreException;
import io.pandofs.meta.engine.Table;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatchWithIndex;
import org.rocksdb.WriteOptions;

/**
 * Changes of the tables that are committed together with the applied index, or not at all. Reads
 * see the changes made before. One at a time, on one thread; {@link #close} without {@link #commit}
 * discards.
 */
public final class RocksTransaction implements Store, AutoCloseable {
  private final Gate gate;
  private final RocksDB database;
  private final Columns columns;
  private final Batch batch;

  /** Tables with changes: the others are read without looking into the batch. */
  private final EnumSet<Table> changed = EnumSet.noneOf(Table.class);

  /** The native side. */
  private static final class Batch implements Runnable {
    private final WriteBatchWithIndex rows = new WriteBatchWithIndex(true);
    private final ReadOptions options = new ReadOptions();
    private boolean freed;

    WriteBatchWithIndex rows() {
      requireOpen();
      return rows;
    }

    ReadOptions options() {
      requireOpen();
      return options;
    }

    private void requireOpen() {
      if (freed) {
        throw new StoreException("the transaction is over");
      }
    }

    @Override
    public void run() {
      freed = true;
      rows.close();
      options.close();
    }
  }

  /** Begins; called within the gate. */
  RocksTransaction(Gate gate, RocksDB database, Columns columns) {
    this.gate = gate;
    this.database = database;
    this.columns = columns;
    this.batch = new Batch();
    gate.opened(batch);
  }

  @Override
  public byte @Nullable [] get(Table table, byte[] key) {
    return gate.<byte @Nullable []>pass(
        () ->
            changed.contains(table)
                ? batch.rows().getFromBatchAndDB(database, columns.of(table), batch.options(), key)
                : database.get(columns.of(table), batch.options(), key));
  }

  @Override
  @SuppressWarnings("NullAway") // does not follow a nullable type argument into a lambda
  public @Nullable Row floor(Table table, byte[] key) {
    return gate.<@Nullable Row>pass(
        () -> {
          try (RocksIterator rows = iterator(table, batch.options())) {
            return RocksTables.floor(rows, key);
          }
        });
  }

  @Override
  public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
    return gate.pass(
        () -> {
          ReadOptions options = new ReadOptions();
          Slice bound = to == null ? null : new Slice(to);
          if (bound != null) {
            options.setIterateUpperBound(bound);
          }
          RocksIterator rows = iterator(table, options);
          return new RocksCursor(gate, new RocksCursor.Free(rows, options, bound), from);
        });
  }

  private RocksIterator iterator(Table table, ReadOptions options) {
    ColumnFamilyHandle column = columns.of(table);
    WriteBatchWithIndex rows = batch.rows();
    RocksIterator committed = database.newIterator(column, options);
    return changed.contains(table)
        ? rows.newIteratorWithBase(column, committed, options)
        : committed;
  }

  @Override
  public void put(Table table, byte[] key, byte[] value) {
    changed.add(table);
    change(() -> batch.rows().put(columns.of(table), key, value));
  }

  @Override
  public void delete(Table table, byte[] key) {
    changed.add(table);
    change(() -> batch.rows().delete(columns.of(table), key));
  }

  /** Sets a key's value in a local table. */
  public void putLocal(LocalTable table, byte[] key, byte[] value) {
    change(() -> batch.rows().put(columns.of(table), key, value));
  }

  /** Takes a key out of a local table. */
  public void deleteLocal(LocalTable table, byte[] key) {
    change(() -> batch.rows().delete(columns.of(table), key));
  }

  /** The value of a key of a local table, with the changes made before; null if there is none. */
  public byte @Nullable [] getLocal(LocalTable table, byte[] key) {
    return gate.<byte @Nullable []>pass(
        () -> batch.rows().getFromBatchAndDB(database, columns.of(table), batch.options(), key));
  }

  /**
   * Makes the changes visible, at once and together with the applied index. They are durable after
   * the next {@link RocksTables#flush}. The transaction is over.
   */
  public void commit(AppliedIndex applied) {
    putLocal(LocalTable.STATE, AppliedIndex.KEY, applied.encode());
    write();
  }

  /** As {@link #commit}, for changes of local tables that no log entry has brought. */
  public void commitLocal() {
    if (!changed.isEmpty()) {
      throw new IllegalStateException("replicated tables change with the applied index only");
    }
    write();
  }

  private void write() {
    change(
        () -> {
          try (WriteOptions options = new WriteOptions().setDisableWAL(true)) {
            database.write(options, batch.rows());
          }
        });
    close();
  }

  @Override
  public void close() {
    gate.free(batch);
  }

  /** A change of native state. */
  private interface Step {
    void run() throws RocksDBException;
  }

  private void change(Step step) {
    gate.<Boolean>pass(
        () -> {
          step.run();
          return true;
        });
  }
}
