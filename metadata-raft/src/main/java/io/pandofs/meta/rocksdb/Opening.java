package io.pandofs.meta.rocksdb;

import io.pandofs.common.RocksLogs;
import io.pandofs.meta.rocksdb.TablesException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ChecksumType;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.DataBlockIndexType;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteOptions;

/** An open database with all its native parts, and the one place that says why it does not open. */
final class Opening {
  /** Of the tables' layout as a whole; rows have versions of their own. */
  private static final byte FORMAT = 4;

  private static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.US_ASCII);
  private static final double BLOOM_BITS = 10;
  private static final long BLOCK_BYTES = 4 << 10;
  private static final long WRITE_BUFFER_BYTES = 32L << 20;
  private static final int LOG_FILES = 2;

  /** What to free, in order. */
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  private final Path directory;
  private final RocksMemory memory;
  private RocksDB database;
  private Columns columns;

  @SuppressWarnings("NullAway.Init") // open() sets them before anyone sees the object
  private Opening(Path directory, RocksMemory memory) {
    this.directory = directory;
    this.memory = memory;
  }

  /**
   * Opens a copy that nobody writes to, and reads all of it.
   *
   * @throws TablesException naming what is damaged
   */
  static void verify(Path directory, RocksMemory memory) throws TablesException {
    Opening opening = new Opening(directory, memory);
    try {
      opening.checkLogs();
      opening.checkColumns();
      DBOptions options = opening.keep(new DBOptions());
      options.setParanoidChecks(true).setInfoLogLevel(InfoLogLevel.FATAL_LEVEL);
      ColumnFamilyOptions columnOptions = opening.keep(new ColumnFamilyOptions());
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      RocksDB database =
          RocksDB.openReadOnly(
              options, directory.toString(), Columns.descriptors(columnOptions), handles);
      opening.keep(database);
      handles.forEach(opening::keep);
      database.verifyChecksum();
    } catch (RocksDBException e) {
      throw opening.reason(e);
    } catch (IOException e) {
      throw opening.reason(e);
    } finally {
      opening.close();
    }
  }

  static Opening open(Path directory, RocksMemory memory) throws TablesException {
    Opening opening = new Opening(directory, memory);
    boolean done = false;
    try {
      opening.checkFiles();
      opening.openDatabase();
      opening.checkFormat();
      done = true;
      return opening;
    } catch (RocksDBException e) {
      throw opening.reason(e);
    } catch (IOException e) {
      throw opening.reason(e);
    } finally {
      if (!done) {
        opening.close();
      }
    }
  }

  RocksDB database() {
    return database;
  }

  Columns columns() {
    return columns;
  }

  /** RocksDB takes a directory without CURRENT for a new one and would delete what is in it. */
  private void checkFiles() throws IOException {
    Files.createDirectories(directory);
    if (Files.exists(directory.resolve("CURRENT"))) {
      checkLogs();
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      boolean hasData =
          files
              .map(file -> String.valueOf(file.getFileName()))
              .anyMatch(name -> name.endsWith(".sst") || name.startsWith("MANIFEST"));
      if (hasData) {
        throw new TablesException(
            Kind.DAMAGED,
            "the metadata tables in " + directory + " are damaged: the file CURRENT is missing");
      }
    }
  }

  private void checkLogs() throws IOException {
    String damage = RocksLogs.damage(directory);
    if (damage != null) {
      throw new TablesException(
          Kind.DAMAGED, "the metadata tables in " + directory + " are damaged: " + damage);
    }
  }

  private void openDatabase() throws RocksDBException, TablesException {
    checkColumns();
    BloomFilter bloom = keep(new BloomFilter(BLOOM_BITS));
    ColumnFamilyOptions columnOptions = keep(new ColumnFamilyOptions());
    columnOptions
        .setTableFormatConfig(tableConfig(bloom))
        .setCompressionType(CompressionType.NO_COMPRESSION)
        .setWriteBufferSize(WRITE_BUFFER_BYTES);
    DBOptions options = keep(new DBOptions());
    options
        .setCreateIfMissing(true)
        .setCreateMissingColumnFamilies(true)
        .setAtomicFlush(true)
        .setParanoidChecks(true)
        .setWriteBufferManager(memory.writeBuffers())
        .setMaxBackgroundJobs(2)
        .setStatsDumpPeriodSec(0)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setKeepLogFileNum(LOG_FILES);
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    database =
        RocksDB.open(options, directory.toString(), Columns.descriptors(columnOptions), handles);
    keep(database);
    handles.forEach(this::keep);
    columns = new Columns(handles);
  }

  private BlockBasedTableConfig tableConfig(BloomFilter bloom) {
    return new BlockBasedTableConfig()
        .setBlockCache(memory.cache())
        .setBlockSize(BLOCK_BYTES)
        .setChecksumType(ChecksumType.kXXH3)
        .setFormatVersion(6)
        .setFilterPolicy(bloom)
        .setOptimizeFiltersForMemory(true)
        .setIndexType(IndexType.kTwoLevelIndexSearch)
        .setPartitionFilters(true)
        .setCacheIndexAndFilterBlocks(true)
        .setCacheIndexAndFilterBlocksWithHighPriority(true)
        .setPinL0FilterAndIndexBlocksInCache(true)
        .setPinTopLevelIndexAndFilter(true)
        .setDataBlockIndexType(DataBlockIndexType.kDataBlockBinaryAndHash);
  }

  /** A newer Pando may have added tables; RocksDB would only say that a name is missing. */
  private void checkColumns() throws RocksDBException, TablesException {
    if (!Files.exists(directory.resolve("CURRENT"))) {
      return;
    }
    Set<String> known = new HashSet<>();
    Columns.names().forEach(name -> known.add(new String(name, StandardCharsets.UTF_8)));
    try (Options options = new Options()) {
      for (byte[] name : RocksDB.listColumnFamilies(options, directory.toString())) {
        if (!known.contains(new String(name, StandardCharsets.UTF_8))) {
          throw otherVersion("it has the table " + new String(name, StandardCharsets.UTF_8));
        }
      }
    }
  }

  private void checkFormat() throws RocksDBException, TablesException {
    byte[] row = database.get(columns.of(LocalTable.STATE), FORMAT_KEY);
    if (row == null) {
      try (WriteOptions unlogged = new WriteOptions().setDisableWAL(true)) {
        database.put(columns.of(LocalTable.STATE), unlogged, FORMAT_KEY, new byte[] {FORMAT});
      }
    } else if (row.length != 1 || row[0] != FORMAT) {
      String format = row.length == 1 ? String.valueOf(row[0]) : "unknown";
      throw otherVersion("their format is " + format + ", this one's is " + FORMAT);
    }
  }

  private TablesException otherVersion(String why) {
    return new TablesException(
        Kind.OTHER_VERSION,
        "the metadata tables in " + directory + " were written by another version: " + why);
  }

  private TablesException reason(IOException e) {
    return e instanceof TablesException known
        ? known
        : new TablesException(
            Kind.UNUSABLE, "cannot use the metadata tables in " + directory + ": " + e, e);
  }

  private TablesException reason(RocksDBException e) {
    Status status = e.getStatus();
    Status.Code code = status == null ? Status.Code.Undefined : status.getCode();
    String message = String.valueOf(e.getMessage());
    if (message.contains("LOCK") || message.contains("lock hold by current process")) {
      return new TablesException(
          Kind.LOCKED, "the metadata tables in " + directory + " are in use by another process", e);
    }
    if (TablesException.kindOf(e) == Kind.FULL) {
      return new TablesException(
          Kind.FULL, "no space for the metadata tables in " + directory + ": " + message, e);
    }
    boolean missing = message.contains("No such file") || message.contains("does not exist");
    if (code == Status.Code.Corruption || code == Status.Code.InvalidArgument || missing) {
      return new TablesException(
          Kind.DAMAGED, "the metadata tables in " + directory + " are damaged: " + message, e);
    }
    return new TablesException(
        Kind.UNUSABLE, "cannot use the metadata tables in " + directory + ": " + message, e);
  }

  private <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  /** Frees the parts in the opposite order of their making: families, database, options. */
  void close() {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing RocksDB's parts cannot fail", e);
      }
    }
  }
}
