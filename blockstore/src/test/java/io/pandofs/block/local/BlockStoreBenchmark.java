package io.pandofs.block.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.Compression;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.ChecksumType;
import org.rocksdb.CompressionType;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * Compares ways to keep blocks on this machine's disk, for docs/decisions/0002. Not a test: its
 * arguments are a directory and the MiB to write in each run; with {@code store} after them it runs
 * the store alone.
 */
final class BlockStoreBenchmark {
  private static final int MIB = 1 << 20;
  private static final int PIECE = Keys.PIECE_BYTES;
  private static final SystemClock CLOCK = new SystemClock();
  private static final PrintStream OUT = System.out;

  private final Path top;
  private final int mib;
  private final ByteBuffer random = ByteBuffer.allocateDirect(8 * MIB);

  private BlockStoreBenchmark(Path top, int mib) {
    this.top = top;
    this.mib = mib;
    byte[] bytes = new byte[8 * MIB];
    new Random(1).nextBytes(bytes);
    random.put(bytes).flip();
  }

  /** Something that makes a group of bytes durable. */
  private interface Sink extends AutoCloseable {
    void group(long number, int bytes) throws Exception;

    @Override
    void close() throws IOException;
  }

  private interface Maker {
    Sink make(Path directory) throws Exception;
  }

  public static void main(String[] args) throws Exception {
    RocksDB.loadLibrary();
    BlockStoreBenchmark benchmark =
        new BlockStoreBenchmark(Path.of(args[0]), Integer.parseInt(args[1]));
    if (args.length > 2 && args[2].equals("store")) {
      benchmark.store();
      return;
    }
    OUT.println("| way | group | MB/s | write amplification | CPU s/GiB | barrier p50 ms |");
    OUT.println("|---|---|---|---|---|---|");
    for (int round = 0; round < 2; round++) {
      benchmark.bulk("plain file + fdatasync", 32 * MIB, benchmark::file);
      benchmark.bulk("LSM + WAL", 32 * MIB, d -> benchmark.tree(d, false));
      benchmark.bulk("BlobDB + WAL", 32 * MIB, d -> benchmark.tree(d, true));
      benchmark.bulk("SST ingest", 16 * MIB, benchmark::tables);
      benchmark.bulk("SST ingest", 32 * MIB, benchmark::tables);
    }
    for (int kib : new int[] {64, 128, 256, 512, 1024, 2048, 4096}) {
      benchmark.bulk("WAL only", kib << 10, d -> benchmark.tree(d, false));
      benchmark.bulk("SST ingest", kib << 10, benchmark::tables);
    }
    benchmark.store();
  }

  private ByteBuffer data(long number, int bytes) {
    int room = random.capacity() - bytes;
    int from = room == 0 ? 0 : (int) ((number * 7919) % room);
    return random.slice(from, bytes);
  }

  private void bulk(String what, int group, Maker maker) throws Exception {
    Path directory = Files.createTempDirectory(top, "run");
    int groups = (int) Math.max(1, Math.min(4000, (long) mib * MIB / group));
    if (group < 4 * MIB) {
      groups = Math.min(groups, 400);
    }
    long[] barriers = new long[groups];
    long written = writtenBytes();
    long cpu = cpuNanos();
    long start = CLOCK.nanoTime();
    try (Sink sink = maker.make(directory)) {
      for (int i = 0; i < groups; i++) {
        long before = CLOCK.nanoTime();
        sink.group(i, group);
        barriers[i] = CLOCK.nanoTime() - before;
      }
    }
    double seconds = (CLOCK.nanoTime() - start) / 1e9;
    double bytes = (double) groups * group;
    Arrays.sort(barriers);
    OUT.printf(
        "| %s | %d KiB | %.0f | %.2f | %.2f | %.2f |%n",
        what,
        group >> 10,
        bytes / MIB / seconds,
        (writtenBytes() - written) / bytes,
        (cpuNanos() - cpu) / 1e9 / (bytes / (1 << 30)),
        barriers[groups / 2] / 1e6);
    remove(directory);
  }

  private Sink file(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve("data"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    return new Sink() {
      @Override
      public void group(long number, int bytes) throws IOException {
        for (int done = 0; done < bytes; done += PIECE) {
          ByteBuffer piece = data(number + done, PIECE);
          Checksums.crc32c(piece);
          channel.write(piece);
        }
        channel.force(false);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  private static Options options(boolean blobs) {
    return new Options()
        .setCreateIfMissing(true)
        .setCompressionType(CompressionType.NO_COMPRESSION)
        .setEnableBlobFiles(blobs)
        .setMinBlobSize(4096)
        .setWriteBufferSize(64 * MIB)
        .setTableFormatConfig(
            new BlockBasedTableConfig()
                .setChecksumType(ChecksumType.kXXH3)
                .setFormatVersion(6)
                .setBlockSize(16 << 10));
  }

  private Sink tree(Path directory, boolean blobs) throws Exception {
    RocksDB db = RocksDB.open(options(blobs), directory.toString());
    WriteOptions synced = new WriteOptions().setSync(true);
    Piece piece = new Piece();
    return new Sink() {
      @Override
      public void group(long number, int bytes) throws Exception {
        for (int part = 0; part < bytes; part += MIB) {
          try (WriteBatch batch = new WriteBatch()) {
            for (int done = part; done < Math.min(bytes, part + MIB); done += PIECE) {
              ByteBuffer key = piece.key(number, number, done / PIECE);
              batch.put(key, piece.encode(data(number + done, PIECE)));
            }
            boolean last = part + MIB >= bytes;
            try (WriteOptions plain = new WriteOptions()) {
              db.write(last ? synced : plain, batch);
            }
          }
        }
      }

      @Override
      public void close() {
        db.close();
      }
    };
  }

  private Sink tables(Path directory) throws Exception {
    Tables tables = new Tables(directory.resolve("db"), 64 * MIB, true, () -> Compression.NONE);
    Files.createDirectories(directory.resolve("incoming"));
    Segments segments = new Segments(java.util.Map.of(), 1);
    Piece piece = new Piece();
    return new Sink() {
      @Override
      public void group(long number, int bytes) throws Exception {
        try (Commit commit = new Commit(tables, segments, piece)) {
          int block = Math.min(bytes, 4 * MIB);
          for (int done = 0; done < bytes; done += block) {
            commit.put(
                new Work.Put(
                    StoreFixture.SESSION,
                    new BlockId(1 + number * 100 + done / block),
                    data(number + done, block),
                    0,
                    new CompletableFuture<>()));
          }
          commit.storeSegment(directory.resolve("incoming"));
          commit.write();
        }
      }

      @Override
      public void close() {
        tables.close();
      }
    };
  }

  /** The store as it is: streams of 4 MiB blocks, small synced puts, reads. */
  private void store() throws Exception {
    Path directory = Files.createTempDirectory(top, "store");
    try (StoreFixture fixture =
            new StoreFixture(LocalBlockOptions.of(directory, StoreFixture.STAMP).withReserve(0));
        LocalBlockStore store = fixture.open()) {
      for (int depth : new int[] {1, 4, 8}) {
        stream(store, depth);
      }
      for (int threads : new int[] {1, 8, 64}) {
        smallPuts(store, threads);
      }
      reads(store, 1);
      reads(store, 4);
      sequential(store, 128 << 10);
      sequential(store, MIB);
    }
    remove(directory);
  }

  private final AtomicLong numbers = new AtomicLong(1);
  private long firstLarge;
  private int larges;

  private CompletableFuture<Void> put(LocalBlockStore store, int bytes) {
    long number = numbers.getAndIncrement();
    ByteBuffer data = data(number, bytes);
    return store.put(StoreFixture.SESSION, new BlockId(number), data, Checksums.crc32c(data));
  }

  private void stream(LocalBlockStore store, int depth) throws Exception {
    int count = mib / 4;
    firstLarge = numbers.get();
    larges = count;
    long written = writtenBytes();
    long cpu = cpuNanos();
    long start = CLOCK.nanoTime();
    List<CompletableFuture<Void>> underWay = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (i >= depth) {
        underWay.get(i - depth).get();
      }
      underWay.add(put(store, 4 * MIB));
    }
    for (CompletableFuture<Void> put : underWay) {
      put.get();
    }
    double seconds = (CLOCK.nanoTime() - start) / 1e9;
    double bytes = count * 4.0 * MIB;
    OUT.printf(
        "store, 4 MiB blocks, %d under way: %.0f MB/s, amplification %.2f, %.2f CPU s/GiB%n",
        depth,
        bytes / MIB / seconds,
        (writtenBytes() - written) / bytes,
        (cpuNanos() - cpu) / 1e9 / (bytes / (1 << 30)));
  }

  private void smallPuts(LocalBlockStore store, int threads) throws Exception {
    int each = Math.max(50, 6000 / threads);
    double seconds =
        together(
            threads,
            () -> {
              for (int i = 0; i < each; i++) {
                put(store, 4096).get();
              }
              return null;
            });
    OUT.printf("store, 4 KiB puts, %d threads: %.0f/s%n", threads, each * threads / seconds);
  }

  private void reads(LocalBlockStore store, int threads) throws Exception {
    int each = 20_000 / threads;
    double seconds =
        together(
            threads,
            () -> {
              Random dice = new Random(Thread.currentThread().getId());
              ByteBuffer into = ByteBuffer.allocateDirect(PIECE);
              for (int i = 0; i < each; i++) {
                store.read(
                    new BlockId(firstLarge + dice.nextInt(larges)),
                    dice.nextInt(4 * MIB / PIECE) * PIECE,
                    into.clear());
              }
              return null;
            });
    OUT.printf(
        "store, warm random reads of 64 KiB, %d threads: %.0f/s, %.0f us%n",
        threads, each * threads / seconds, seconds * 1e6 / each);
  }

  private void sequential(LocalBlockStore store, int request) throws Exception {
    ByteBuffer into = ByteBuffer.allocateDirect(request);
    long start = CLOCK.nanoTime();
    for (int i = 0; i < larges; i++) {
      for (int at = 0; at < 4 * MIB; at += request) {
        store.read(new BlockId(firstLarge + i), at, into.clear());
      }
    }
    double seconds = (CLOCK.nanoTime() - start) / 1e9;
    OUT.printf(
        "store, sequential reads of %d KiB: %.0f MB/s%n", request >> 10, larges * 4 / seconds);
  }

  private static double together(int threads, Callable<Void> task) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    long start = CLOCK.nanoTime();
    List<Future<Void>> all = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      all.add(pool.submit(task));
    }
    for (Future<Void> one : all) {
      one.get();
    }
    double seconds = (CLOCK.nanoTime() - start) / 1e9;
    pool.shutdown();
    return seconds;
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static long writtenBytes() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/io"), UTF_8)) {
      return lines
          .filter(line -> line.startsWith("write_bytes"))
          .mapToLong(line -> Long.parseLong(line.substring(13).strip()))
          .sum();
    }
  }

  private static void remove(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
