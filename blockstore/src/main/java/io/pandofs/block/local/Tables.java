package io.pandofs.block.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.common.Compression;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ChecksumType;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.EnvOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.LiveFileMetaData;
import org.rocksdb.LogFile;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.SstFileWriter;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * The database: its options, its column families, and the few calls that the store makes.
 *
 * <ul>
 *   <li>{@code default}: the store's own rows: its superblock, and the next segment number
 *   <li>{@code blocks}: block to {@link LocationRow}
 *   <li>{@code segments}: segment to {@link SegmentRow}
 *   <li>{@code pieces}: one table file a segment, ingested; never a memtable, never a compaction
 *   <li>{@code small}: pieces of small blocks, an ordinary tree; its segment number is 0
 * </ul>
 *
 * <p>Thread-safe. Nothing may be called after {@link #close}: the process would end. Whoever shares
 * it puts a {@link Gate} before it.
 */
final class Tables implements AutoCloseable {
  private static final int PIECES_TABLE_BLOCK_BYTES = 16 << 10;
  private static final long WAL_BYTES_MAX = 64 << 20;
  private static final long BYTES_PER_OPEN_FILE = 32 << 10;
  private static final byte[] NEXT_SEGMENT = "next-segment".getBytes(UTF_8);
  private static final byte[] SUPERBLOCK = "superblock".getBytes(UTF_8);

  /** In the order of making; closed in the reverse order. */
  private final List<AbstractNativeReference> natives = new ArrayList<>();

  private final RocksDB db;
  private final ColumnFamilyHandle own;
  private final ColumnFamilyHandle blocks;
  private final ColumnFamilyHandle segments;
  private final ColumnFamilyHandle pieces;
  private final ColumnFamilyHandle small;
  private final Map<Compression, Options> segmentFileOptions = new EnumMap<>(Compression.class);
  private final Supplier<Compression> compression;
  private final EnvOptions env;
  private final IngestExternalFileOptions ingest;
  private final WriteOptions synced;
  private final ReadOptions unverified;

  static {
    RocksDB.loadLibrary();
  }

  /**
   * Opens or, when told to, makes the database.
   *
   * @param compression asked for each segment
   * @throws RocksDBException as RocksDB says; no handle is left open
   */
  Tables(Path directory, long memoryBytes, boolean create, Supplier<Compression> compression)
      throws RocksDBException {
    this.compression = compression;
    try {
      LRUCache cache = keep(new LRUCache(memoryBytes));
      WriteBufferManager writeBuffers = keep(new WriteBufferManager(memoryBytes / 2, cache));
      BloomFilter bloom = keep(new BloomFilter(10));
      // An ingest would leave the first and last piece of its file in the cache, where a scrub
      // would
      // find them good whatever became of them on the disk. Readers fill no cache anyway.
      BlockBasedTableConfig pieceTable =
          new BlockBasedTableConfig()
              .setNoBlockCache(true)
              .setChecksumType(ChecksumType.kXXH3)
              .setFormatVersion(6)
              .setBlockSize(PIECES_TABLE_BLOCK_BYTES)
              .setIndexBlockRestartInterval(16);
      BlockBasedTableConfig rowTable = tableConfig(cache).setFilterPolicy(bloom);
      long buffer = Math.max(1 << 20, memoryBytes / 8);
      List<ColumnFamilyDescriptor> families =
          List.of(
              family("default", keep(rowOptions(rowTable, buffer))),
              family("blocks", keep(rowOptions(rowTable, buffer))),
              family("segments", keep(rowOptions(rowTable, buffer))),
              family(
                  "pieces", keep(rowOptions(pieceTable, 1 << 20).setDisableAutoCompactions(true))),
              family("small", keep(rowOptions(pieceTable, buffer * 2))));
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      DBOptions options = keep(databaseOptions(create, memoryBytes));
      options.setWriteBufferManager(writeBuffers);
      db = keep(RocksDB.open(options, directory.toString(), families, handles));
      handles.forEach(this::keep);
      own = handles.get(0);
      blocks = handles.get(1);
      segments = handles.get(2);
      pieces = handles.get(3);
      small = handles.get(4);
      for (Compression each : Compression.values()) {
        Options written = keep(new Options());
        written.setTableFormatConfig(pieceTable).setCompressionType(type(each));
        segmentFileOptions.put(each, written);
      }
      env = keep(new EnvOptions());
      ingest = keep(new IngestExternalFileOptions().setMoveFiles(true));
      synced = keep(new WriteOptions().setSync(true));
      unverified = keep(new ReadOptions().setVerifyChecksums(false).setFillCache(false));
    } catch (RocksDBException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private static CompressionType type(Compression compression) {
    return switch (compression) {
      case NONE -> CompressionType.NO_COMPRESSION;
      case LZ4 -> CompressionType.LZ4_COMPRESSION;
      case ZSTD -> CompressionType.ZSTD_COMPRESSION;
    };
  }

  private static ColumnFamilyDescriptor family(String name, ColumnFamilyOptions options) {
    return new ColumnFamilyDescriptor(name.getBytes(UTF_8), options);
  }

  /** XXH3, because the CRC32C of this library is done without the processor's instruction. */
  private static BlockBasedTableConfig tableConfig(LRUCache cache) {
    return new BlockBasedTableConfig()
        .setBlockCache(cache)
        .setChecksumType(ChecksumType.kXXH3)
        .setFormatVersion(6);
  }

  private static ColumnFamilyOptions rowOptions(BlockBasedTableConfig table, long buffer) {
    return new ColumnFamilyOptions()
        .setTableFormatConfig(table)
        .setCompressionType(CompressionType.NO_COMPRESSION)
        .setWriteBufferSize(buffer)
        .setTargetFileSizeBase(32 << 20);
  }

  /**
   * The recovery mode is never the default one, which opens silently without every record after a
   * flipped bit in the log; this one accepts a torn tail alone.
   */
  private static DBOptions databaseOptions(boolean create, long memoryBytes) {
    return new DBOptions()
        .setCreateIfMissing(create)
        .setCreateMissingColumnFamilies(create)
        .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
        .setMaxTotalWalSize(WAL_BYTES_MAX)
        .setMaxOpenFiles((int) Math.max(256, Math.min(4096, memoryBytes / BYTES_PER_OPEN_FILE)))
        .setAdviseRandomOnOpen(false)
        .setMaxBackgroundJobs(2)
        .setKeepLogFileNum(2)
        .setMaxLogFileSize(4 << 20)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0);
  }

  private <T extends AbstractNativeReference> T keep(T handle) {
    natives.add(handle);
    return handle;
  }

  private ColumnFamilyHandle familyOf(long segment) {
    return segment == Keys.SMALL ? small : pieces;
  }

  @Nullable LocationRow location(long block) throws RocksDBException {
    byte[] row = db.get(blocks, Keys.number(block));
    return row == null ? null : LocationRow.decode(row);
  }

  /** Gives out rows with a number over {@code after}, in order, at most {@code limit}. */
  void locationsAfter(long after, int limit, BiConsumer<Long, LocationRow> to)
      throws RocksDBException {
    if (after == Long.MAX_VALUE) {
      return;
    }
    try (RocksIterator rows = db.newIterator(blocks)) {
      rows.seek(Keys.number(Math.max(0, after + 1)));
      for (int n = 0; n < limit && rows.isValid(); n++, rows.next()) {
        to.accept(Keys.number(rows.key()), LocationRow.decode(rows.value()));
      }
      rows.status();
    }
  }

  void segments(BiConsumer<Long, SegmentRow> to) throws RocksDBException {
    try (RocksIterator rows = db.newIterator(segments)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        to.accept(Keys.number(rows.key()), SegmentRow.decode(rows.value()));
      }
      rows.status();
    }
  }

  /** The number given to no segment yet, as of the last commit that made one. */
  long nextSegment() throws RocksDBException {
    byte[] row = db.get(own, NEXT_SEGMENT);
    return row == null ? Keys.SMALL + 1 : Keys.number(row);
  }

  boolean hasSuperblock() throws RocksDBException {
    return db.get(own, SUPERBLOCK) != null;
  }

  void writeSuperblock() throws RocksDBException {
    db.put(own, synced, SUPERBLOCK, new byte[] {StoreHome.VERSION});
  }

  /** Segments that have a table file, whether or not a row knows them. */
  List<Long> segmentFiles() {
    List<Long> found = new ArrayList<>();
    for (LiveFileMetaData file : db.getLiveFilesMetaData()) {
      if ("pieces".equals(new String(file.columnFamilyName(), UTF_8))) {
        found.add(Keys.segmentOf(file.smallestKey()));
      }
    }
    return found;
  }

  /** Reads one piece's value; its size, or -1 when it is not there. RocksDB checks nothing. */
  int readPiece(long segment, Piece piece, long block, int number) throws RocksDBException {
    return db.get(familyOf(segment), unverified, piece.key(segment, block, number), piece.value());
  }

  /** An iterator over pieces, unverified, that reads this far ahead. The caller closes both. */
  RocksIterator pieces(long segment, ReadOptions options) {
    return db.newIterator(familyOf(segment), options);
  }

  /** A writer of a table file that {@link #ingest} can take. The caller closes it. */
  SstFileWriter segmentWriter() {
    return new SstFileWriter(
        env, Objects.requireNonNull(segmentFileOptions.get(compression.get())));
  }

  /** Makes the finished, synced file part of the database, durably; the file is moved. */
  void ingest(Path file) throws RocksDBException {
    db.ingestExternalFile(pieces, List.of(file.toString()), ingest);
  }

  /**
   * Gives the space of a whole segment back.
   *
   * @return false when its file is still there
   */
  boolean dropSegmentFile(long segment) throws RocksDBException {
    byte[] start = Keys.segmentStart(segment);
    byte[] end = Keys.segmentStart(segment + 1);
    db.deleteFilesInRanges(pieces, List.of(start, end), false);
    try (RocksIterator left = db.newIterator(pieces, unverified)) {
      left.seek(start);
      boolean gone = !left.isValid() || Keys.segmentOf(left.key()) != segment;
      left.status();
      return gone;
    }
  }

  void putLocation(WriteBatch batch, long block, LocationRow row) throws RocksDBException {
    batch.put(blocks, Keys.number(block), row.encode());
  }

  void deleteLocation(WriteBatch batch, long block) throws RocksDBException {
    batch.delete(blocks, Keys.number(block));
  }

  /** Writes the row, or deletes it when it is null. */
  void setSegment(WriteBatch batch, long segment, @Nullable SegmentRow row)
      throws RocksDBException {
    if (row == null) {
      batch.delete(segments, Keys.number(segment));
    } else {
      batch.put(segments, Keys.number(segment), row.encode());
    }
  }

  void setNextSegment(WriteBatch batch, long next) throws RocksDBException {
    batch.put(own, NEXT_SEGMENT, Keys.number(next));
  }

  void putSmallPiece(WriteBatch batch, Piece piece, long block, int number, ByteBuffer data)
      throws RocksDBException {
    batch.put(small, piece.key(Keys.SMALL, block, number), piece.encode(data));
  }

  void deleteSmallPieces(WriteBatch batch, long block, int count) throws RocksDBException {
    for (int number = 0; number < count; number++) {
      batch.delete(small, Keys.piece(Keys.SMALL, block, number));
    }
  }

  /** Writes the batch, durably. */
  void write(WriteBatch batch) throws RocksDBException {
    db.write(synced, batch);
  }

  /** Bytes of the files of the log. */
  long logBytes() throws RocksDBException {
    return db.getSortedWalFiles().stream().mapToLong(LogFile::sizeFileBytes).sum();
  }

  /** Writes all that is only in the log into table files, after which RocksDB deletes the log's. */
  void emptyLog() throws RocksDBException {
    try (FlushOptions waiting = new FlushOptions().setWaitForFlush(true)) {
      db.flush(waiting, List.of(own, blocks, segments, small));
    }
  }

  /** Bytes of table files of the table of small blocks. */
  long smallFileBytes() throws RocksDBException {
    return db.getLongProperty(small, "rocksdb.total-sst-files-size");
  }

  /** Rewrites the table of small blocks without what was deleted. */
  void compactSmall() throws RocksDBException {
    db.compactRange(small);
  }

  /** How often background work has failed since the open. (A Java listener breaks recovery.) */
  long backgroundErrors() throws RocksDBException {
    return db.getLongProperty("rocksdb.background-errors");
  }

  /** Column families first, then the database, then what its options point to. */
  @Override
  public void close() {
    for (int i = natives.size() - 1; i >= 0; i--) {
      natives.get(i).close();
    }
  }
}
