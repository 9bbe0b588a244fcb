package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.ReadStore;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Checkpoint;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * The tables in one RocksDB, written without its log: the Raft log is the log, and after a crash
 * the tables are as of some applied index at or after the last {@link #flush}, all of them alike.
 *
 * <p>Thread-safe. One transaction at a time; its owner sees to that. After {@link #close} every
 * call on this, its snapshots, transactions and cursors fails with a {@code StoreException}.
 */
public final class RocksTables implements AutoCloseable {
  private final Gate gate = new Gate();
  private final Opening opened;
  private final RocksDB database;
  private final Columns columns;

  private RocksTables(Opening opened) {
    this.opened = opened;
    this.database = opened.database();
    this.columns = opened.columns();
  }

  /**
   * Opens the tables in this directory, which is made if it is not there.
   *
   * @throws TablesException with the reason, when they cannot be used; nothing is changed then
   */
  public static RocksTables open(Path directory, RocksMemory memory) throws TablesException {
    return new RocksTables(Opening.open(directory, memory));
  }

  /**
   * Reads a copy made by {@link #checkpoint} wholly and changes nothing.
   *
   * @throws TablesException naming what is damaged
   */
  public static void verify(Path copy, RocksMemory memory) throws TablesException {
    Opening.verify(copy, memory);
  }

  /** Reads all files and checks their checksums; what is wrong goes to {@link #onFault}. */
  public void verify() {
    gate.<Boolean>pass(
        () -> {
          database.verifyChecksum();
          return true;
        });
  }

  /** Tells this, from any thread, of every fault of the disk or of what is on it. */
  public void onFault(Consumer<TablesException> listener) {
    gate.onFault(listener);
  }

  /** Begins a transaction. */
  public RocksTransaction begin() {
    return gate.pass(() -> new RocksTransaction(gate, database, columns));
  }

  /** The tables as they are now. */
  public RocksSnapshot snapshot() {
    return gate.pass(() -> new RocksSnapshot(gate, database, columns));
  }

  /** The last log entry whose changes are committed. */
  public AppliedIndex applied() {
    return gate.pass(
        () -> AppliedIndex.decode(database.get(columns.of(LocalTable.STATE), AppliedIndex.KEY)));
  }

  /**
   * Makes all that is committed durable, all tables as of one index.
   *
   * @return an index up to which, at least, it now is
   */
  public AppliedIndex flush() {
    AppliedIndex applied = applied();
    gate.<Boolean>pass(
        () -> {
          try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
            database.flush(options, columns.all());
          }
          return true;
        });
    return applied;
  }

  /**
   * Flushes, then makes a copy by hard links that can be opened as tables, and which is the
   * caller's to sync. Nothing may be committed meanwhile if the copy is to be exactly as of the
   * index returned.
   *
   * @param target a directory that does not exist, on the same filesystem
   */
  public AppliedIndex checkpoint(Path target) {
    AppliedIndex applied = flush();
    gate.<Boolean>pass(
        () -> {
          try (Checkpoint checkpoint = Checkpoint.create(database)) {
            checkpoint.createCheckpoint(target.toString());
          }
          return true;
        });
    return applied;
  }

  /** How many errors RocksDB met in the background since it was opened, disk full among them. */
  public long backgroundErrors() {
    return gate.pass(() -> database.getLongProperty("rocksdb.background-errors"));
  }

  /** Waits for the calls that are under way and frees everything; what is not flushed is lost. */
  @Override
  public void close() {
    gate.close(opened::close);
  }

  static ReadStore.@Nullable Row floor(RocksIterator rows, byte[] key) throws RocksDBException {
    rows.seekForPrev(key);
    if (!rows.isValid()) {
      rows.status();
      return null;
    }
    return new ReadStore.Row(rows.key(), rows.value());
  }
}
