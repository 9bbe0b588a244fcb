package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.BlockMissingException;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.Compression;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** A reader has seen the row of a block, and then the block goes elsewhere. */
final class BlockReaderTest {
  private static final BlockId BLOCK = new BlockId(9);

  @TempDir Path directory;
  private final Segments segments = new Segments(Map.of(), 1);
  private final AtomicInteger looks = new AtomicInteger();
  private Tables tables;

  @BeforeEach
  void open() throws Exception {
    RocksDB.loadLibrary();
    tables = new Tables(directory.resolve("db"), 8 << 20, true, () -> Compression.NONE);
    Files.createDirectories(directory.resolve("incoming"));
  }

  @AfterEach
  void close() {
    tables.close();
  }

  private void store(int length) throws RocksDBException, IOException {
    ByteBuffer bytes = StoreFixture.bytes(9, length);
    try (Commit commit = new Commit(tables, segments, new Piece())) {
      commit.put(
          new Work.Put(
              StoreFixture.SESSION,
              BLOCK,
              bytes,
              Checksums.crc32c(bytes),
              new CompletableFuture<>()));
      commit.storeSegment(directory.resolve("incoming"));
      commit.write();
    } catch (UnreadableRowException e) {
      throw new AssertionError(e);
    }
  }

  private void deleteAndDrop(long segment) throws RocksDBException {
    change(commit -> commit.delete(new Work.Delete(List.of(BLOCK), new CompletableFuture<>())));
    change(commit -> commit.drop(new Work.Drop(List.of(segment), new CompletableFuture<>())));
  }

  private interface Change {
    void to(Commit commit) throws RocksDBException, UnreadableRowException;
  }

  private void change(Change change) throws RocksDBException {
    try (Commit commit = new Commit(tables, segments, new Piece())) {
      change.to(commit);
      commit.write();
    } catch (UnreadableRowException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {50_000, 900_000})
  void looksAgainWhenTheBlockHasMoved(int length) throws Exception {
    store(length);
    BlockReader reader =
        new BlockReader(
            tables,
            block -> {
              LocationRow row = tables.location(block);
              if (looks.incrementAndGet() == 1) {
                deleteAndDrop(1);
                storeUnchecked(length);
              }
              return row;
            },
            damage());
    ByteBuffer into = ByteBuffer.allocate(length);
    reader.read(BLOCK, 0, into);
    assertThat(into.flip()).isEqualTo(StoreFixture.bytes(9, length));
    assertThat(looks).hasValue(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {50_000, 900_000})
  void saysMissingWhenTheBlockWasDeleted(int length) throws Exception {
    store(length);
    BlockReader reader = new BlockReader(tables, this::rowThenGone, damage());
    assertThatThrownBy(() -> reader.read(BLOCK, 0, ByteBuffer.allocate(length)))
        .isInstanceOf(BlockMissingException.class);
  }

  private Damage damage() throws IOException {
    return new Damage(new StoreHome(directory), new SystemClock());
  }

  private @Nullable LocationRow rowThenGone(long block) throws RocksDBException {
    LocationRow row = tables.location(block);
    if (looks.incrementAndGet() == 1) {
      deleteAndDrop(1);
    }
    return row;
  }

  private void storeUnchecked(int length) throws RocksDBException {
    try {
      store(length);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
