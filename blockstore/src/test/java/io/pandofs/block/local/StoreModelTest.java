package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.BlockMissingException;
import io.pandofs.common.BlockId;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random changes on the store and on a map; both must always answer the same. */
final class StoreModelTest {
  private static final int STEPS = 120;
  private static final int BLOCKS = 40;

  @TempDir Path directory;
  private int runs;

  /** One step; what it names follows from its fields alone, so that a list can be shortened. */
  private record Step(Kind kind, long block, int count, int length, int offset) {}

  private enum Kind {
    PUT,
    DELETE,
    READ,
    SCAN,
    TIDY,
    REOPEN
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void answersAsAMapDoes(long seed) throws Exception {
    List<Step> steps = generate(new Random(seed));
    Throwable failure = run(steps);
    if (failure != null) {
      List<Step> shrunk = shrink(steps);
      throw new AssertionError("seed " + seed + ", shrunk to " + shrunk, failure);
    }
  }

  private static List<Step> generate(Random random) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < STEPS; i++) {
      int dice = random.nextInt(100);
      Kind kind =
          dice < 40
              ? Kind.PUT
              : dice < 65
                  ? Kind.DELETE
                  : dice < 80
                      ? Kind.READ
                      : dice < 86 ? Kind.SCAN : dice < 95 ? Kind.TIDY : Kind.REOPEN;
      int length = 1 + random.nextInt(random.nextBoolean() ? 20_000 : 600_000);
      steps.add(
          new Step(
              kind,
              1 + random.nextInt(BLOCKS),
              1 + random.nextInt(6),
              length,
              random.nextInt(length)));
    }
    return steps;
  }

  /** Leaves out ever smaller parts as long as it still fails. */
  private List<Step> shrink(List<Step> failing) throws Exception {
    List<Step> steps = failing;
    for (int part = steps.size() / 2; part > 0; part /= 2) {
      for (int from = 0; from + part <= steps.size(); ) {
        List<Step> fewer = new ArrayList<>(steps);
        fewer.subList(from, from + part).clear();
        if (run(fewer) != null) {
          steps = fewer;
        } else {
          from += part;
        }
      }
    }
    return steps;
  }

  private @Nullable Throwable run(List<Step> steps) throws Exception {
    Path fresh = Files.createDirectory(directory.resolve("run" + runs++));
    NavigableMap<Long, Integer> model = new TreeMap<>();
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(fresh))) {
      LocalBlockStore store = fixture.open();
      try {
        for (Step step : steps) {
          if (step.kind == Kind.REOPEN) {
            store.close();
            store = fixture.open();
          } else {
            apply(step, store, model);
          }
          assertThat(store.usage().blocks()).isEqualTo(model.size());
          assertThat(store.usage().usedBytes())
              .isEqualTo(model.values().stream().mapToLong(Integer::longValue).sum());
        }
        for (Map.Entry<Long, Integer> entry : model.entrySet()) {
          checkRead(store, entry.getKey(), entry.getValue(), 0, entry.getValue());
        }
        return null;
      } catch (Exception | AssertionError e) {
        return e;
      } finally {
        store.close();
      }
    }
  }

  private static void apply(Step step, LocalBlockStore store, NavigableMap<Long, Integer> model)
      throws Exception {
    switch (step.kind) {
      case PUT -> putSome(step, store, model);
      case DELETE -> {
        List<BlockId> gone = new ArrayList<>();
        for (long block = step.block; block < step.block + step.count; block++) {
          gone.add(new BlockId(block));
          model.remove(block);
        }
        store.delete(gone);
      }
      case READ -> {
        Integer length = model.get(step.block);
        if (length == null) {
          assertThatThrownBy(() -> store.read(new BlockId(step.block), 0, ByteBuffer.allocate(1)))
              .isInstanceOf(BlockMissingException.class);
        } else {
          int offset = step.offset % length;
          checkRead(store, step.block, length, offset, Math.min(step.length, length - offset));
        }
      }
      case SCAN ->
          assertThat(store.scan(step.block, 10).stream().map(b -> b.block().value()).toList())
              .isEqualTo(model.tailMap(step.block, false).keySet().stream().limit(10).toList());
      case TIDY -> store.tidyAll();
      case REOPEN -> throw new IllegalStateException("done by the caller");
    }
  }

  /** Puts blocks at once; one that is there keeps its length. */
  private static void putSome(Step step, LocalBlockStore store, Map<Long, Integer> model)
      throws Exception {
    List<CompletableFuture<Void>> puts = new ArrayList<>();
    for (long block = step.block; block < step.block + step.count; block++) {
      int length = model.computeIfAbsent(block, b -> step.length);
      puts.add(StoreFixture.start(store, block, length));
    }
    for (CompletableFuture<Void> put : puts) {
      put.get(60, TimeUnit.SECONDS);
    }
  }

  private static void checkRead(
      LocalBlockStore store, long block, int length, int offset, int count) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(count);
    store.read(new BlockId(block), offset, into);
    assertThat(into.flip().equals(StoreFixture.bytes(block, length).slice(offset, count)))
        .as("bytes of block %s, %s+%s of %s", block, offset, count, length)
        .isTrue();
  }
}
