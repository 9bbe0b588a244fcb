package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.block.BlockMissingException;
import io.pandofs.block.StoreRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One flipped bit anywhere in a store at rest: right bytes or an error, never wrong bytes. */
final class BitFlipTest {
  private static final int FLIPS = Integer.getInteger("pando.flips", 150);

  @TempDir Path directory;
  private final Map<Long, Integer> blocks = new TreeMap<>();
  private int refused;
  private int failedReads;

  @Test
  void neverGivesOutWrongBytes() throws Exception {
    Path original = directory.resolve("original");
    fill(original);
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<Path> files = live(original);
    for (int flip = 0; flip < FLIPS; flip++) {
      Path copy = directory.resolve("copy" + flip);
      copy(original, copy);
      Path file = copy.resolve(original.relativize(files.get(random.nextInt(files.size()))));
      long at = flipOne(file, random);
      check(copy, "seed " + seed + " flip " + flip + " of " + file.getFileName() + " at " + at);
      remove(copy);
    }
    assertThat(refused).as("stores refused").isPositive();
    assertThat(failedReads).as("reads refused").isPositive();
  }

  /** RocksDB reads such a MANIFEST for ever if it is let in. */
  @Test
  void aRecordOfTheManifestThatSeemsRecycledIsRefused() throws Exception {
    Path original = directory.resolve("original");
    fill(original);
    Path manifest =
        live(original).stream().filter(f -> f.toString().contains("MANIFEST")).findFirst().get();
    ByteBuffer records =
        ByteBuffer.wrap(Files.readAllBytes(manifest)).order(ByteOrder.LITTLE_ENDIAN);
    int flips = 0;
    for (int at = 0; at < records.limit(); at += 7 + records.getShort(at + 4)) {
      Path copy = directory.resolve("kind" + at);
      copy(original, copy);
      byte[] flipped = records.array().clone();
      flipped[at + 6] ^= 4;
      Files.write(copy.resolve(original.relativize(manifest)), flipped);
      check(copy, "record at " + at);
      remove(copy);
      flips++;
    }
    assertThat(flips).isGreaterThan(2);
    assertThat(refused).isEqualTo(flips);
  }

  /**
   * RocksDB takes a record whose length goes beyond the end of the file for one that was not
   * finished before a crash, and says nothing of it nor of those behind it.
   */
  @Test
  void aRecordOfALogWhoseLengthIsFlippedIsNotTakenForATornOne() throws Exception {
    Path original = directory.resolve("original");
    fill(original);
    int flips = 0;
    for (Path log : live(original)) {
      if (!log.getFileName().toString().matches("MANIFEST-.*|.*[.]log")) {
        continue;
      }
      ByteBuffer records = ByteBuffer.wrap(Files.readAllBytes(log)).order(ByteOrder.LITTLE_ENDIAN);
      int end = Math.min(records.limit(), 32 << 10);
      for (int at = 0; at + 7 < end; at += 7 + Short.toUnsignedInt(records.getShort(at + 4))) {
        for (int bit = 0; bit < 16; bit++) {
          Path copy = directory.resolve("length" + flips++);
          copy(original, copy);
          byte[] flipped = records.array().clone();
          flipped[at + 4 + bit / 8] ^= (byte) (1 << bit % 8);
          Files.write(copy.resolve(original.relativize(log)), flipped);
          check(copy, log.getFileName() + " record at " + at + " bit " + bit);
          remove(copy);
        }
      }
    }
    assertThat(flips).isGreaterThan(100);
  }

  /** Two segments, small blocks in table files and in the log, and something deleted. */
  private void fill(Path original) throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(original))) {
      try (LocalBlockStore store = fixture.open()) {
        put(store, 1, 700_000);
        put(store, 2, 300_000);
        for (int i = 10; i < 30; i++) {
          put(store, i, 1000 + i);
        }
      }
      try (LocalBlockStore store = fixture.open()) {
        for (int i = 40; i < 50; i++) {
          put(store, i, 5000 + i);
        }
        store.delete(List.of(new io.pandofs.common.BlockId(12)));
        blocks.remove(12L);
      }
    }
  }

  private void put(LocalBlockStore store, long block, int length) throws Exception {
    StoreFixture.put(store, block, length);
    blocks.put(block, length);
  }

  /** Files that hold something: not the journal of events, locks and copies of options. */
  private static List<Path> live(Path original) throws IOException {
    try (Stream<Path> files = Files.walk(original)) {
      return files
          .filter(Files::isRegularFile)
          .filter(f -> !f.getFileName().toString().matches("LOG.*|LOCK|OPTIONS.*|IDENTITY"))
          .filter(f -> f.toFile().length() > 0)
          .sorted()
          .toList();
    }
  }

  private static long flipOne(Path file, Random random) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      // Half of the flips near the end, where footers and indexes are.
      long size = channel.size();
      long from = random.nextBoolean() ? Math.max(0, size - 2000) : 0;
      long at = from + (long) (random.nextDouble() * (size - from));
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ (1 << random.nextInt(8))));
      channel.write(one.flip(), at);
      return at;
    }
  }

  private void check(Path copy, String what) throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(copy));
        LocalBlockStore store = fixture.open()) {
      for (Map.Entry<Long, Integer> block : blocks.entrySet()) {
        readOne(store, block.getKey(), block.getValue(), what);
      }
    } catch (StoreRefusedException e) {
      assertThat(e.reason())
          .as(what)
          .isIn(StoreRefusedException.Reason.DAMAGED, StoreRefusedException.Reason.UNUSABLE);
      refused++;
    }
  }

  private void readOne(LocalBlockStore store, long block, int length, String what)
      throws Exception {
    try {
      ByteBuffer read = StoreFixture.read(store, block, length);
      assertThat(read.equals(StoreFixture.bytes(block, length)))
          .as("%s: bytes of block %s", what, block)
          .isTrue();
    } catch (BlockMissingException e) {
      // A log that looks torn may lose its last record; that one is a delete here.
      throw new AssertionError(what + " block " + block, e);
    } catch (IOException e) {
      failedReads++;
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path file : tree(from)) {
      Path target = to.resolve(from.relativize(file));
      if (Files.isDirectory(file)) {
        Files.createDirectories(target);
      } else {
        Files.copy(file, target);
      }
    }
  }

  private static void remove(Path top) throws IOException {
    List<Path> files = new ArrayList<>(tree(top));
    java.util.Collections.reverse(files);
    for (Path file : files) {
      Files.delete(file);
    }
  }

  private static List<Path> tree(Path top) throws IOException {
    try (Stream<Path> files = Files.walk(top)) {
      return files.toList();
    }
  }
}
