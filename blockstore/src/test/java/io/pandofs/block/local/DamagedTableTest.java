package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.StoreDamagedException;
import io.pandofs.block.StoreRefusedException;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one damaged place in the table of blocks costs. */
class DamagedTableTest {
  private static final int LENGTH = 1000;

  @TempDir Path directory;

  @Test
  void aDeleteThatCannotReadItsRowFailsAlone() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory))) {
      try (LocalBlockStore store = fixture.open()) {
        for (int i = 1; i <= 50; i++) {
          StoreFixture.put(store, i, LENGTH);
        }
      }
      fixture.open().close(); // puts what was in the log into table files
      damageTheRowOf(new BlockId(1), fixture);
      try (LocalBlockStore store = fixture.open()) {
        assertThatThrownBy(() -> store.delete(List.of(new BlockId(1))))
            .isInstanceOf(StoreDamagedException.class);
        StoreFixture.put(store, 1001, LENGTH);
        StoreFixture.put(store, 1002, LENGTH);
        store.delete(List.of(new BlockId(1001)));
        assertThat(store.contains(new BlockId(1001))).isFalse();
        assertThat(StoreFixture.read(store, 1002, LENGTH))
            .isEqualTo(StoreFixture.bytes(1002, LENGTH));
      }
    }
  }

  /**
   * RocksDB looks at few of its files when it opens them: what was met once must not be forgotten.
   */
  @Test
  void damageThatIsMetIsKnownToTheNextStart() throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory))) {
      try (LocalBlockStore store = fixture.open()) {
        for (int i = 1; i <= 50; i++) {
          StoreFixture.put(store, i, LENGTH);
        }
      }
      fixture.open().close();
      damageTheRowOf(new BlockId(1), fixture);
      try (LocalBlockStore store = fixture.open()) {
        assertThat(LocalBlockStore.isNotedDamaged(directory)).isFalse();
        assertThatThrownBy(() -> store.scan(0, 10)).isInstanceOf(StoreDamagedException.class);
        assertThatThrownBy(() -> store.find(new BlockId(1)))
            .isInstanceOf(StoreDamagedException.class);
        assertThat(LocalBlockStore.isNotedDamaged(directory)).isTrue();
      }
      assertThatThrownBy(fixture::open).isInstanceOf(StoreRefusedException.class);
      LocalBlockStore.setAside(directory);
      try (LocalBlockStore store = fixture.open()) {
        assertThat(store.scan(0, 10)).isEmpty();
      }
    }
  }

  /** Flips a bit in one file after the other until it hits; nothing is noted of it. */
  private void damageTheRowOf(BlockId block, StoreFixture fixture) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(directory)) {
      files = all.filter(file -> file.toString().endsWith(".sst")).sorted().toList();
    }
    for (Path file : files) {
      byte[] good = Files.readAllBytes(file);
      byte[] bad = good.clone();
      bad[20] ^= 1;
      Files.write(file, bad);
      if (!isReadable(block, fixture)) {
        return;
      }
      Files.write(file, good);
    }
    throw new AssertionError("none of " + files + " has the row of " + block);
  }

  private boolean isReadable(BlockId block, StoreFixture fixture) throws IOException {
    try (LocalBlockStore store = fixture.open()) {
      return store.find(block) != null;
    } catch (StoreRefusedException e) {
      return true; // not in the way that this is about
    } catch (IOException e) {
      return false;
    } finally {
      Files.deleteIfExists(directory.resolve("DAMAGED"));
    }
  }
}
