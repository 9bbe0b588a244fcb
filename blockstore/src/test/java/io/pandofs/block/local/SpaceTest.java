package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.Compression;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deleting gives space back, and nobody who reads meanwhile notices. */
final class SpaceTest {
  private static final long LIVE = 16 << 20;
  private static final long LOG_AT_REST = 5 << 20;

  @TempDir Path directory;
  private final Map<Long, Integer> live = new TreeMap<>();
  private long next = 1;

  /** Puts until so much is live, in groups. */
  private void fill(LocalBlockStore store, Random random) throws Exception {
    List<CompletableFuture<Void>> puts = new ArrayList<>();
    long bytes = live.values().stream().mapToLong(Integer::longValue).sum();
    while (bytes < LIVE) {
      int length = 1 + random.nextInt(400_000);
      puts.add(StoreFixture.start(store, next, length));
      live.put(next++, length);
      bytes += length;
    }
    for (CompletableFuture<Void> put : puts) {
      put.get(60, TimeUnit.SECONDS);
    }
  }

  private void deleteSome(LocalBlockStore store, Random random) throws Exception {
    List<BlockId> gone = new ArrayList<>();
    for (long block : List.copyOf(live.keySet())) {
      if (random.nextInt(4) > 0) {
        gone.add(new BlockId(block));
        live.remove(block);
      }
    }
    store.delete(gone);
  }

  @Test
  void segmentsArePackedAsIsSaidWhenTheyAreBegun() throws Exception {
    AtomicReference<Compression> said = new AtomicReference<>(Compression.NONE);
    LocalBlockOptions options = StoreFixture.tiny(directory).withCompression(said::get);
    int length = 4 << 20;
    try (StoreFixture fixture = new StoreFixture(options);
        LocalBlockStore store = fixture.open()) {
      Map<Compression, Long> grown = new EnumMap<>(Compression.class);
      for (Compression each : Compression.values()) {
        said.set(each);
        long before = StoreFixture.size(directory);
        StoreFixture.put(store, 1 + each.code(), length);
        grown.put(each, StoreFixture.size(directory) - before);
      }
      assertThat(grown.get(Compression.NONE)).isGreaterThan(length);
      assertThat(grown.get(Compression.LZ4)).isLessThan(length * 3 / 4);
      assertThat(grown.get(Compression.ZSTD)).isLessThan(length * 3 / 4);
      said.set(Compression.NONE);
      for (int block = 1; block <= 3; block++) {
        assertThat(StoreFixture.read(store, block, length))
            .isEqualTo(StoreFixture.bytes(block, length));
      }
    }
  }

  @Test
  void overwritingTheVolumeAgainAndAgainKeepsTheDirectoryBounded() throws Exception {
    Random random = new Random(11);
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      for (int round = 0; round < 8; round++) {
        fill(store, random);
        deleteSome(store, random);
        await()
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(() -> assertThat(StoreFixture.size(directory)).isLessThan(2 * LIVE / 3));
      }
      for (Map.Entry<Long, Integer> block : live.entrySet()) {
        assertThat(StoreFixture.read(store, block.getKey(), block.getValue()))
            .isEqualTo(StoreFixture.bytes(block.getKey(), block.getValue()));
      }
      deleteAll(store);
      store.tidyAll();
      assertThat(StoreFixture.size(directory)).isLessThan(LIVE / 4);
      assertThat(store.usage().usedBytes()).isZero();
    }
  }

  @Test
  void atRestTheDirectoryTakesHardlyMoreThanWhatIsInIt() throws Exception {
    Random random = new Random(12);
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      fill(store, random);
      List<BlockId> third = new ArrayList<>();
      for (long block : List.copyOf(live.keySet())) {
        if (block % 3 == 0) {
          third.add(new BlockId(block));
          live.remove(block);
        }
      }
      store.delete(third);
      store.tidyAll();
      assertThat(StoreFixture.size(directory)).isLessThan(store.usage().usedBytes() * 5 / 4);
      assertThat(store.usage().blocks()).isEqualTo(live.size());
    }
  }

  private void deleteAll(LocalBlockStore store) throws Exception {
    store.delete(live.keySet().stream().map(BlockId::new).toList());
    live.clear();
  }

  @Test
  void smallBlocksGiveTheirSpaceBackToo() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 400; i++) {
          StoreFixture.put(store, next, 20_000);
          live.put(next++, 20_000);
        }
        deleteAll(store);
      }
      // 48 MB went through. RocksDB deletes files in the background.
      store.tidyAll();
      await().untilAsserted(() -> assertThat(StoreFixture.size(directory)).isLessThan(LOG_AT_REST));
    }
  }

  @Test
  void atRestTheLogIsEmpty() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      for (int i = 0; i < 1200; i++) {
        StoreFixture.put(store, next++, 20_000);
      }
      store.tidyAll();
      long most = store.usage().usedBytes() * 5 / 4 + LOG_AT_REST;
      await().untilAsserted(() -> assertThat(StoreFixture.size(directory)).isLessThan(most));
    }
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      for (long block = 1; block < next; block++) {
        assertThat(StoreFixture.read(store, block, 20_000))
            .isEqualTo(StoreFixture.bytes(block, 20_000));
      }
    }
  }

  @Test
  void manySmallBlocksMoveIntoSegmentsUnseen() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      for (int i = 0; i < 300; i++) {
        StoreFixture.put(store, next++, 20_000);
      }
      store.tidyAll();
      assertThat(store.usage().blocks()).isEqualTo(300);
      for (long block = 1; block < next; block++) {
        assertThat(StoreFixture.read(store, block, 20_000))
            .isEqualTo(StoreFixture.bytes(block, 20_000));
      }
      store.delete(List.of(new BlockId(1)));
      assertThat(store.contains(new BlockId(1))).isFalse();
    }
  }

  @Test
  void putsReadsAndDeletesGoOnWhileSegmentsAreRewritten() throws Exception {
    ConcurrentMap<Long, Integer> there = new ConcurrentHashMap<>();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong reads = new AtomicLong();
    AtomicLong numbers = new AtomicLong(1);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      List<Future<?>> tasks = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random random = new Random(i);
        tasks.add(threads.submit(() -> putAndDelete(store, there, numbers, random)));
        tasks.add(threads.submit(() -> readUntil(stop, store, there, reads)));
      }
      tasks.add(
          threads.submit(
              () -> {
                while (!stop.get()) {
                  store.tidyAll();
                }
                return null;
              }));
      for (int i = 0; i < tasks.size() - 1; i += 2) {
        tasks.get(i).get();
      }
      stop.set(true);
      for (Future<?> task : tasks) {
        task.get();
      }
      assertThat(reads.get()).isPositive();
      assertThat(store.usage().blocks()).isEqualTo(there.size());
    } finally {
      threads.shutdownNow();
    }
  }

  private static Void putAndDelete(
      LocalBlockStore store, ConcurrentMap<Long, Integer> there, AtomicLong numbers, Random random)
      throws Exception {
    List<Long> own = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      long block = numbers.getAndIncrement();
      int length = 1 + random.nextInt(300_000);
      StoreFixture.put(store, block, length);
      there.put(block, length);
      own.add(block);
      if (own.size() > 20) {
        List<BlockId> gone = new ArrayList<>();
        while (own.size() > 6) {
          long victim = own.remove(random.nextInt(own.size()));
          there.remove(victim);
          gone.add(new BlockId(victim));
        }
        store.delete(gone);
      }
    }
    return null;
  }

  /** A block that is in the map before and after the read has to be read right. */
  private static Void readUntil(
      AtomicBoolean stop,
      LocalBlockStore store,
      ConcurrentMap<Long, Integer> there,
      AtomicLong reads)
      throws Exception {
    while (!stop.get()) {
      for (Map.Entry<Long, Integer> block : there.entrySet()) {
        try {
          assertThat(
                  StoreFixture.read(store, block.getKey(), block.getValue())
                      .equals(StoreFixture.bytes(block.getKey(), block.getValue())))
              .isTrue();
          reads.incrementAndGet();
        } catch (io.pandofs.block.BlockMissingException e) {
          assertThat(there).doesNotContainKey(block.getKey());
        }
      }
    }
    return null;
  }
}
