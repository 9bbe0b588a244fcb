package io.pandofs.block.local;

import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.Compression;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.SystemClock;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Makes stores in a directory, and blocks whose bytes follow from their number. */
final class StoreFixture implements AutoCloseable {
  static final UUID STAMP = new UUID(1, 2);
  static final SessionId SESSION = new SessionId(7);

  private static final int RUN = 512;

  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);
  private final LocalBlockOptions options;

  StoreFixture(LocalBlockOptions options) {
    this.options = options;
  }

  /**
   * Small batches below 64 KiB, segments of 1 MiB, each packed in another way: every path is taken
   * by little data.
   */
  static LocalBlockOptions tiny(Path directory) {
    return LocalBlockOptions.of(directory, STAMP)
        .withMemory(8 << 20)
        .withReserve(0)
        .withBatches(64 << 10, 1 << 20)
        .withCompression(inTurn());
  }

  LocalBlockStore open() throws IOException {
    return LocalBlockStore.open(options, new SystemClock(), scheduler);
  }

  private static Supplier<Compression> inTurn() {
    AtomicInteger turn = new AtomicInteger();
    Compression[] all = Compression.values();
    return () -> all[Math.floorMod(turn.getAndIncrement(), all.length)];
  }

  /** Bytes that can be packed to little more than half. */
  static ByteBuffer bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    for (int at = 0; at < length; at += 2 * RUN) {
      Arrays.fill(bytes, at, Math.min(length, at + RUN), (byte) seed);
    }
    return ByteBuffer.wrap(bytes);
  }

  static CompletableFuture<Void> start(LocalBlockStore store, long block, int length) {
    ByteBuffer bytes = bytes(block, length);
    return store.put(SESSION, new BlockId(block), bytes, Checksums.crc32c(bytes));
  }

  static void put(LocalBlockStore store, long block, int length) throws Exception {
    start(store, block, length).get(60, TimeUnit.SECONDS);
  }

  static ByteBuffer read(LocalBlockStore store, long block, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    store.read(new BlockId(block), 0, into);
    return into.flip();
  }

  /** Bytes of all files under the directory; a file that goes meanwhile counts nothing. */
  static long size(Path directory) {
    File[] files = directory.toFile().listFiles();
    return files == null
        ? 0
        : Stream.of(files).mapToLong(f -> f.isDirectory() ? size(f.toPath()) : f.length()).sum();
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
  }
}
