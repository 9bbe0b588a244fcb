package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.meta.rocksdb.RocksMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose hashes are told: those of the tables that are there. */
class TableHashesTest {
  @TempDir Path dir;
  private final Deque<Runnable> queue = new ArrayDeque<>();
  private final TableHashes hashes = new TableHashes(queue::add);
  private RocksMemory memory;
  private LiveTables tables;

  @BeforeEach
  void open() throws Exception {
    memory = new RocksMemory(16 << 20, 8 << 20);
    tables = LiveTables.open(Files.createDirectories(dir.resolve("meta")), memory);
  }

  @AfterEach
  void close() {
    hashes.close();
    tables.close();
    memory.close();
  }

  @Test
  void whatWasAskedForIsTold() {
    hashes.add(tables.snapshot());
    queue.remove().run();
    assertThat(hashes.newest()).isNotNull();
    assertThat(hashes.newest().getValue()).matches("[0-9a-f]{64}");
  }

  @Test
  void whatWaitsWhenTheTablesAreReplacedIsNotHashed() {
    hashes.add(tables.snapshot());
    hashes.forget();
    queue.remove().run();
    assertThat(hashes.newest()).isNull();
  }
}
