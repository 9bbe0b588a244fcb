package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.StoreFullException;
import io.pandofs.block.StoreRefusedException;
import io.pandofs.block.StoreRefusedException.Reason;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.Compression;
import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which directories open, what a start cleans up, and what a full disk does. */
final class OpeningTest {
  @TempDir Path directory;

  private void fill() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      StoreFixture.put(store, 1, 500_000);
      StoreFixture.put(store, 2, 500);
    }
  }

  private void assertRefused(LocalBlockOptions options, Reason reason) {
    try (StoreFixture fixture = new StoreFixture(options)) {
      assertThatThrownBy(fixture::open)
          .isInstanceOfSatisfying(
              StoreRefusedException.class, e -> assertThat(e.reason()).isEqualTo(reason))
          .hasMessageContaining(directory.toString());
    }
  }

  private void assertStillGood() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      assertThat(StoreFixture.read(store, 1, 500_000)).isEqualTo(StoreFixture.bytes(1, 500_000));
      assertThat(StoreFixture.read(store, 2, 500)).isEqualTo(StoreFixture.bytes(2, 500));
      assertThat(store.usage().blocks()).isEqualTo(2);
    }
  }

  @Test
  void refusesTheStoreOfAnotherIncarnation() throws Exception {
    fill();
    assertRefused(LocalBlockOptions.of(directory, new UUID(1, 3)), Reason.WRONG_STAMP);
    assertStillGood();
  }

  @Test
  void refusesAStoreThatIsOpen() throws Exception {
    fill();
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      assertRefused(StoreFixture.tiny(directory), Reason.LOCKED);
      StoreFixture.put(store, 3, 500);
      store.delete(List.of(new BlockId(3)));
    }
    assertStillGood();
  }

  @Test
  void refusesANewerVersion() throws Exception {
    fill();
    Path file = directory.resolve("STORE");
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer.wrap(bytes).putInt(8, StoreHome.VERSION + 1);
    ByteBuffer.wrap(bytes).putInt(bytes.length - 4, Checksums.crc32c(bytes, 0, bytes.length - 4));
    Files.write(file, bytes);
    assertRefused(StoreFixture.tiny(directory), Reason.NEWER_VERSION);
  }

  @Test
  void refusesAStoreThatLostAPartOfItself() throws Exception {
    fill();
    Path stamp = directory.resolve("STORE");
    byte[] bytes = Files.readAllBytes(stamp);
    Files.delete(stamp);
    assertRefused(StoreFixture.tiny(directory), Reason.DAMAGED);
    Files.write(stamp, new byte[] {1, 2, 3});
    assertRefused(StoreFixture.tiny(directory), Reason.DAMAGED);
    Files.write(stamp, bytes);
    assertStillGood();
    Path table = tableFile();
    Path aside = directory.resolve("aside");
    Files.move(table, aside);
    assertRefused(StoreFixture.tiny(directory), Reason.DAMAGED);
    Files.move(aside, table);
    assertStillGood();
    Files.move(directory.resolve("db"), aside);
    assertRefused(StoreFixture.tiny(directory), Reason.DAMAGED);
  }

  private Path tableFile() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("db"))) {
      return files.filter(f -> f.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
  }

  @Test
  void aDamagedStoreIsSetAsideOnceAndANewOneMadeInItsPlace() throws Exception {
    fill();
    Files.write(directory.resolve("STORE"), new byte[] {1, 2, 3});
    assertRefused(StoreFixture.tiny(directory), Reason.DAMAGED);
    LocalBlockStore.setAside(directory);
    assertThat(directory.resolve("damaged/db/CURRENT")).exists();
    assertThat(LocalBlockStore.hasAside(directory)).isTrue();
    assertEmptyStoreOpens();
    assertThatThrownBy(() -> LocalBlockStore.setAside(directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("earlier");
    DurableFiles.deleteTree(LocalBlockStore.aside(directory));
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder("STORE", "db", "incoming");
    assertEmptyStoreOpens();
  }

  /** After each of its steps the process may be killed; it is begun again then. */
  @Test
  void settingAsideGoesOnWhereItWasInterrupted() throws Exception {
    List<String> parts = List.of("db", "incoming", "STORE");
    for (int moved = 0; moved <= parts.size(); moved++) {
      fill();
      Path part = Files.createDirectory(directory.resolve("damaged.part"));
      for (String name : parts.subList(0, moved)) {
        Files.move(directory.resolve(name), part.resolve(name));
      }
      assertThat(LocalBlockStore.isHalfAside(directory)).isTrue();
      LocalBlockStore.setAside(directory);
      assertThat(directory.toFile().list()).containsExactly("damaged");
      assertThat(directory.resolve("damaged").toFile().list()).contains("STORE", "db");
      DurableFiles.deleteTree(LocalBlockStore.aside(directory));
    }
  }

  private void assertEmptyStoreOpens() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      assertThat(store.usage().blocks()).isZero();
    }
  }

  @Test
  void refusesADirectoryOfSomethingElse() throws Exception {
    Files.writeString(directory.resolve("letter.txt"), "Dear Pando");
    assertRefused(StoreFixture.tiny(directory), Reason.UNUSABLE);
    assertThat(directory.toFile().list()).containsExactly("letter.txt");
  }

  @Test
  void goesOnWithAMakingThatWasInterrupted() throws Exception {
    StoreHome home = new StoreHome(directory);
    new Tables(home.database(), 8 << 20, true, () -> Compression.NONE).close();
    fill();
    assertStillGood();
  }

  @Test
  void removesWhatACrashLeftBetweenSegmentAndRows() throws Exception {
    fill();
    StoreHome home = new StoreHome(directory);
    try (Tables tables = new Tables(home.database(), 8 << 20, false, () -> Compression.NONE)) {
      SegmentFile file = new SegmentFile(tables, home.incoming(), 5, new Piece());
      file.add(new BlockId(9), StoreFixture.bytes(9, 300_000));
      file.finish();
      file.ingest();
      file.close();
    }
    Files.write(home.incoming().resolve("6.sst"), new byte[100]);
    long before = StoreFixture.size(directory);
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      assertThat(store.contains(new BlockId(9))).isFalse();
      assertThat(StoreFixture.size(directory)).isLessThan(before - 290_000);
      assertThat(home.incoming()).isEmptyDirectory();
      StoreFixture.put(store, 9, 300_000);
      store.delete(List.of(new BlockId(9)));
    }
    assertStillGood();
  }

  @Test
  void aFullDiskFailsPutsAndNothingElse() throws Exception {
    fill();
    LocalBlockOptions full = StoreFixture.tiny(directory).withReserve(Long.MAX_VALUE / 2);
    try (StoreFixture fixture = new StoreFixture(full);
        LocalBlockStore store = fixture.open()) {
      assertThat(store.usage().freeBytes()).isZero();
      for (int length : new int[] {500, 500_000}) {
        assertThatThrownBy(() -> StoreFixture.start(store, 3, length).get(60, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(StoreFullException.class);
      }
      StoreFixture.put(store, 2, 500);
      assertThat(StoreFixture.read(store, 1, 500_000)).isEqualTo(StoreFixture.bytes(1, 500_000));
      store.delete(List.of(new BlockId(1)));
      store.tidyAll();
    }
    fill();
    assertStillGood();
  }
}
