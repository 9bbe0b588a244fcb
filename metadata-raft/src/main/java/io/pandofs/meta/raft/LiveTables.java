package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.DurableFiles;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.rocksdb.AppliedIndex;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.RocksSnapshot;
import io.pandofs.meta.rocksdb.RocksTables;
import io.pandofs.meta.rocksdb.RocksTransaction;
import io.pandofs.meta.rocksdb.TablesException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables that are in use, and their replacement by a checkpoint while readers go on.
 *
 * <p>Each generation of tables has its own directory; the file CURRENT names the one in use and is
 * replaced in one step. Who reads holds a generation, and a generation that was replaced is closed
 * and deleted only when its last reader has gone: RocksDB crashes the process on a use after close.
 *
 * <p>Any thread may read. Applying, replacing and checkpoints are all done by Ratis' one applying
 * thread.
 */
final class LiveTables implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveTables.class);
  private static final String CURRENT = "CURRENT";
  private static final int CLOSE_WAITS = 50;
  private static final long CLOSE_WAIT_MILLIS = 100;

  private final Path meta;
  private final RocksMemory memory;

  @GuardedBy("this")
  private Generation current;

  @GuardedBy("this")
  private boolean closed;

  private volatile Consumer<TablesException> onFault = fault -> {};

  private LiveTables(Path meta, RocksMemory memory, Generation current) {
    this.meta = meta;
    this.memory = memory;
    this.current = current;
  }

  private static final class Generation {
    final Path directory;
    final RocksTables tables;
    int users;
    boolean retired;
    boolean discarded;

    Generation(Path directory, RocksTables tables) {
      this.directory = directory;
      this.tables = tables;
    }
  }

  /** Opens the tables in use, or new ones; leftovers of an earlier life are deleted. */
  static LiveTables open(Path meta, RocksMemory memory) throws IOException {
    Path pointer = meta.resolve(CURRENT);
    String name = Files.exists(pointer) ? Files.readString(pointer).strip() : "";
    if (!name.matches("tables-\\d+")) {
      if (!name.isEmpty()) {
        throw new DamagedException(pointer + " is damaged");
      }
      refuseTablesWithoutPointer(meta, pointer);
      name = "tables-1";
      DurableFiles.deleteTree(meta.resolve(name));
      Files.createDirectories(meta.resolve(name));
      DurableFiles.replace(pointer, name.getBytes(StandardCharsets.US_ASCII));
    }
    try (var entries = Files.newDirectoryStream(meta, "tables-*")) {
      for (Path entry : entries) {
        if (!entry.getFileName().toString().equals(name)) {
          DurableFiles.deleteTree(entry);
        }
      }
    }
    Path directory = meta.resolve(name);
    return new LiveTables(
        meta, memory, new Generation(directory, RocksTables.open(directory, memory)));
  }

  /** New tables in the place of others that are there would begin the log anew. */
  private static void refuseTablesWithoutPointer(Path meta, Path pointer) throws IOException {
    try (var entries = Files.newDirectoryStream(meta, "tables-*")) {
      for (Path entry : entries) {
        if (Files.exists(entry.resolve(CURRENT))) {
          throw new DamagedException(pointer + " is missing, but there are tables in " + entry);
        }
      }
    }
  }

  /** Tells this, from any thread, of every fault of the disk or of what is on it. */
  void onFault(Consumer<TablesException> listener) {
    onFault = listener;
    with(
        live -> {
          live.onFault(listener);
          return null;
        });
  }

  /** Reads all files of the tables in use; what is wrong is told as a fault. */
  void verify() {
    with(
        live -> {
          live.verify();
          return null;
        });
  }

  /**
   * Reads a checkpoint, this node's own or one that has come from another.
   *
   * @throws IOException naming what is damaged
   */
  void verifyCheckpoint(Path checkpoint) throws IOException {
    RocksTables.verify(checkpoint, memory);
  }

  /** Runs with the tables in use, which stay open meanwhile. */
  <T> T with(Function<RocksTables, T> use) {
    Generation generation = enter();
    try {
      return use.apply(generation.tables);
    } finally {
      leave(generation);
    }
  }

  /** Whether there are so many bytes left on the disk; yes where that cannot be told. */
  boolean hasRoom(long bytes) {
    try {
      return Files.getFileStore(meta).getUsableSpace() >= bytes;
    } catch (IOException e) {
      LOG.debug("how much space is left cannot be told", e);
      return true;
    }
  }

  /** What the tables show now, until it is closed. */
  LocalSnapshot snapshot() {
    Generation generation = enter();
    try {
      RocksSnapshot snapshot = generation.tables.snapshot();
      return new LocalSnapshot(
          snapshot,
          () -> {
            snapshot.close();
            leave(generation);
          });
    } catch (RuntimeException e) {
      leave(generation);
      throw e;
    }
  }

  /** Changes this node's own rows, beside whatever is being applied. */
  void changeLocal(Consumer<RocksTransaction> change) {
    with(
        live -> {
          try (RocksTransaction transaction = live.begin()) {
            change.accept(transaction);
            transaction.commitLocal();
          }
          return null;
        });
  }

  AppliedIndex applied() {
    return with(RocksTables::applied);
  }

  /** Makes a durable copy of the tables as they are; on the applying thread. */
  void checkpoint(Path target) {
    Generation generation = enter();
    try {
      generation.tables.checkpoint(target);
    } finally {
      leave(generation);
    }
  }

  private synchronized Generation enter() {
    if (closed) {
      throw new IllegalStateException("the tables are closed");
    }
    current.users++;
    return current;
  }

  private void leave(Generation generation) {
    boolean last;
    synchronized (this) {
      generation.users--;
      last = generation.retired && generation.users == 0;
      notifyAll();
    }
    if (last) {
      dispose(generation);
    }
  }

  private static void dispose(Generation generation) {
    generation.tables.close();
    if (generation.discarded) {
      try {
        DurableFiles.deleteTree(generation.directory);
      } catch (IOException e) {
        // The next start deletes it.
        LOG.warn(
            "{} was replaced but could not be deleted: {}", generation.directory, e.toString());
      }
    }
  }

  /**
   * Replaces the tables by a checkpoint, durably: after a power cut either the old ones are in use
   * or the new ones. The node's own rows in the checkpoint are the sender's and are dropped; what
   * is to be deleted here is what was, and all blocks that only the old tables have.
   */
  void install(Path checkpoint) throws IOException {
    Path fresh = freshDirectory();
    DurableFiles.cloneDirectory(checkpoint, fresh, ".sst", Checkpoints.DIGEST_SUFFIX);
    RocksTables tables = RocksTables.open(fresh, memory);
    tables.onFault(onFault);
    try {
      makeOwn(tables);
    } catch (RuntimeException | Error e) {
      tables.close(); // or another try would find it open
      throw e;
    }
    DurableFiles.sync(fresh);
    DurableFiles.replace(
        meta.resolve(CURRENT), fresh.getFileName().toString().getBytes(StandardCharsets.US_ASCII));
    Generation old;
    boolean idle;
    synchronized (this) {
      old = current;
      old.retired = true;
      old.discarded = true;
      idle = old.users == 0;
      current = new Generation(fresh, tables);
    }
    if (idle) {
      dispose(old);
    }
  }

  private void makeOwn(RocksTables fresh) {
    clear(fresh, LocalTable.NEED);
    clear(fresh, LocalTable.DROP);
    with(
        before -> {
          try (Departed departed = new Departed(before, fresh)) {
            departed.drop();
          }
          return null;
        });
    fresh.flush();
  }

  private static void clear(RocksTables tables, LocalTable table) {
    try (RocksSnapshot snapshot = tables.snapshot();
        RocksTransaction transaction = tables.begin();
        ReadStore.Cursor rows = snapshot.scanLocal(table, new byte[0], null)) {
      while (rows.next()) {
        transaction.deleteLocal(table, rows.key());
      }
      transaction.commitLocal();
    }
  }

  private synchronized Path freshDirectory() throws IOException {
    String name = current.directory.getFileName().toString();
    long number = Long.parseLong(name.substring(name.indexOf('-') + 1));
    Path fresh = meta.resolve("tables-" + (number + 1));
    DurableFiles.deleteTree(fresh);
    return fresh;
  }

  /**
   * Waits for readers to go, then closes. Nothing can be opened afterwards. Tables that somebody
   * still reads after a while are closed by the last one that does.
   */
  @Override
  public void close() {
    Generation last;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      last = current;
      if (!idleSoon(last)) {
        LOG.warn("{} views of the tables are still open", last.users);
        last.retired = true;
        return;
      }
    }
    dispose(last);
  }

  @GuardedBy("this")
  private boolean idleSoon(Generation generation) {
    boolean interrupted = false;
    for (int i = 0; i < CLOSE_WAITS && generation.users > 0; i++) {
      try {
        wait(CLOSE_WAIT_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return generation.users == 0;
  }
}
