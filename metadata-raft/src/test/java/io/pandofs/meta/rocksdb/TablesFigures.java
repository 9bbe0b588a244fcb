package io.pandofs.meta.rocksdb;

import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.engine.Table;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Prints what the tables cost on this machine; not a test. Argument: a directory for scratch. */
public final class TablesFigures {
  private static final int ROWS = 1_000_000;
  private static final int BATCH = 10;
  private static final int READS = 500_000;

  private TablesFigures() {}

  public static void main(String[] arguments) throws Exception {
    Clock clock = new SystemClock();
    Path directory = Files.createTempDirectory(Path.of(arguments[0]), "figures");
    try (RocksMemory memory = new RocksMemory(128 << 20, 64 << 20);
        RocksTables tables = RocksTables.open(directory.resolve("t"), memory)) {
      Random random = new Random(1);
      long start = clock.nanoTime();
      for (int i = 0; i < ROWS; i += BATCH) {
        try (RocksTransaction transaction = tables.begin()) {
          for (int j = 0; j < BATCH; j++) {
            byte[] row = new byte[120];
            random.nextBytes(row);
            transaction.put(Table.INODES, key(i + j), row);
          }
          transaction.commit(new AppliedIndex(1, i));
        }
      }
      print("batch of ten puts", clock.nanoTime() - start, ROWS / BATCH);
      start = clock.nanoTime();
      tables.flush();
      print("flush", clock.nanoTime() - start, 1);
      get(tables, clock, random, "get, present", 0);
      get(tables, clock, random, "get, absent", ROWS);
      start = clock.nanoTime();
      for (int i = 0; i < READS / 10; i++) {
        try (RocksSnapshot snapshot = tables.snapshot()) {
          snapshot.floor(Table.INODES, key(random.nextInt(ROWS)));
        }
      }
      print("snapshot and floor", clock.nanoTime() - start, READS / 10);
      start = clock.nanoTime();
      tables.checkpoint(directory.resolve("c"));
      print("checkpoint", clock.nanoTime() - start, 1);
    }
  }

  private static void get(RocksTables tables, Clock clock, Random random, String what, int offset) {
    try (RocksSnapshot snapshot = tables.snapshot()) {
      for (int round = 0; round < 2; round++) {
        long start = clock.nanoTime();
        for (int i = 0; i < READS; i++) {
          snapshot.get(Table.INODES, key(offset + random.nextInt(ROWS)));
        }
        print(what, clock.nanoTime() - start, READS);
      }
    }
  }

  private static byte[] key(long number) {
    // Spread, as numbers of many directories are.
    return ByteBuffer.allocate(8).putLong(number * 0x9e3779b97f4a7c15L >>> 1).array();
  }

  private static void print(String what, long nanos, long count) {
    System.out.printf("%-20s %10.2f µs%n", what, nanos / 1e3 / count);
  }
}
