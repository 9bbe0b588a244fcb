package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.TableCheck;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.RocksSnapshot;
import io.pandofs.meta.rocksdb.RocksTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The tables of a node that does not run, to look at: as of the last entry that was flushed, which
 * after a crash may be some way behind the log. Holds the data directory's lock. Not thread-safe.
 */
public final class StoppedTables implements AutoCloseable {
  private static final long MEMORY_BYTES = 32 << 20;

  private final DataDirectory data;
  private final Identity identity;
  private final RocksMemory memory;
  private final RocksTables tables;
  private final RocksSnapshot snapshot;

  private StoppedTables(
      DataDirectory data, Identity identity, RocksMemory memory, RocksTables tables) {
    this.data = data;
    this.identity = identity;
    this.memory = memory;
    this.tables = tables;
    this.snapshot = tables.snapshot();
  }

  /**
   * Opens the tables of this data directory.
   *
   * @throws IOException with a sentence: the node runs, there is none, or they are damaged
   */
  public static StoppedTables open(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new RefusedException(root + " is no directory");
    }
    DataDirectory data = DataDirectory.lock(root);
    RocksMemory memory = new RocksMemory(MEMORY_BYTES, MEMORY_BYTES / 2);
    try {
      Identity identity = data.identity();
      Path pointer = data.meta().resolve("CURRENT");
      if (identity == null || !Files.exists(pointer)) {
        throw new RefusedException(root + " has no node's data");
      }
      Path directory = data.meta().resolve(Files.readString(pointer).strip());
      if (!Files.isDirectory(directory)) {
        throw new RefusedException(directory + " is missing");
      }
      return new StoppedTables(data, identity, memory, RocksTables.open(directory, memory));
    } catch (IOException | RuntimeException e) {
      memory.close();
      data.close();
      throw e;
    }
  }

  /** Whose they are. */
  public Identity identity() {
    return identity;
  }

  /** The index of the log entry that the tables show. */
  public long index() {
    return snapshot.applied().index();
  }

  public ClusterView cluster() {
    return new ClusterView(snapshot);
  }

  /** Whether they agree with each other. */
  public TableCheck.Report check() {
    return TableCheck.of(snapshot);
  }

  /** Whether the block is in the needed set. */
  public boolean isNeeded(BlockId block) {
    byte[] key = LocalSets.needKey(block);
    byte[] next = LocalSets.needKey(new BlockId(block.value() + 1));
    try (var rows = snapshot.scanLocal(LocalTable.NEED, key, next)) {
      return rows.next();
    }
  }

  @Override
  public void close() throws IOException {
    snapshot.close();
    tables.close();
    memory.close();
    data.close();
  }
}
