package io.pandofs.meta.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.Store;
import io.pandofs.meta.engine.StoreContract;
import io.pandofs.meta.engine.StoreException;
import io.pandofs.meta.engine.Table;
import io.pandofs.meta.engine.TableHash;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RocksTablesTest extends StoreContract {
  @TempDir Path directory;
  private final RocksMemory memory = new RocksMemory(16 << 20, 4 << 20);
  private RocksTables tables;

  @BeforeEach
  void open() throws Exception {
    tables = RocksTables.open(directory.resolve("t"), memory);
  }

  @AfterEach
  void close() {
    tables.close();
    memory.close();
  }

  @Override
  protected Store store() {
    return tables.begin();
  }

  @Test
  void changesAndAppliedIndexComeTogetherAndSurviveAFlush() throws Exception {
    try (RocksTransaction lost = tables.begin()) {
      lost.put(Table.INODES, bytes(9), bytes(9));
    }
    assertThat(tables.applied()).isEqualTo(AppliedIndex.NONE);
    put(1, new AppliedIndex(3, 7));
    assertThat(tables.flush()).isEqualTo(new AppliedIndex(3, 7));
    tables.close();
    open();
    assertThat(tables.applied()).isEqualTo(new AppliedIndex(3, 7));
    try (RocksSnapshot snapshot = tables.snapshot()) {
      assertThat(snapshot.get(Table.INODES, bytes(1))).isEqualTo(bytes(1));
      assertThat(snapshot.get(Table.INODES, bytes(9))).isNull();
      assertThat(snapshot.getLocal(LocalTable.NEED, bytes(1))).isEqualTo(bytes());
    }
  }

  /** The applied index is never seen without its rows, nor rows without it. */
  @Test
  void anyMomentShowsTheRowsOfItsAppliedIndex() throws Exception {
    int entries = 20_000;
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < entries; i++) {
                try (RocksTransaction transaction = tables.begin()) {
                  byte[] value = ByteBuffer.allocate(8).putLong(i).array();
                  transaction.put(Table.INODES, bytes(1), value);
                  transaction.putLocal(LocalTable.NEED, bytes(1), value);
                  transaction.commit(new AppliedIndex(1, i));
                }
              }
            });
    while (!writer.isDone()) {
      try (RocksSnapshot snapshot = tables.snapshot()) {
        long index = snapshot.applied().index();
        byte[] row = snapshot.get(Table.INODES, bytes(1));
        assertThat(row == null ? -1 : ByteBuffer.wrap(row).getLong()).isEqualTo(index);
        byte[] local = snapshot.getLocal(LocalTable.NEED, bytes(1));
        assertThat(local == null ? -1 : ByteBuffer.wrap(local).getLong()).isEqualTo(index);
      }
    }
    writer.get(1, TimeUnit.MINUTES);
    assertThat(tables.applied().index()).isEqualTo(entries - 1);
  }

  @Test
  void aSnapshotStaysAsItWas() {
    put(1, new AppliedIndex(1, 1));
    try (RocksSnapshot snapshot = tables.snapshot()) {
      put(2, new AppliedIndex(1, 2));
      assertThat(snapshot.applied().index()).isEqualTo(1);
      assertThat(snapshot.get(Table.INODES, bytes(2))).isNull();
      assertThat(snapshot.floor(Table.INODES, bytes(3)).key()).isEqualTo(bytes(1));
    }
  }

  @Test
  void localTablesAreNotHashed() {
    put(1, new AppliedIndex(1, 1));
    byte[] before;
    try (RocksSnapshot snapshot = tables.snapshot()) {
      before = TableHash.of(snapshot);
    }
    try (RocksTransaction local = tables.begin()) {
      local.deleteLocal(LocalTable.NEED, bytes(1));
      local.putLocal(LocalTable.DROP, bytes(5), bytes(5));
      local.commitLocal();
    }
    try (RocksSnapshot snapshot = tables.snapshot()) {
      assertThat(TableHash.of(snapshot)).isEqualTo(before);
      try (ReadStore.Cursor rows = snapshot.scanLocal(LocalTable.DROP, bytes(), null)) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.key()).isEqualTo(bytes(5));
      }
    }
  }

  @Test
  void aCheckpointOpensAsTables() throws Exception {
    put(1, new AppliedIndex(1, 1));
    Path copy = directory.resolve("checkpoint");
    assertThat(tables.checkpoint(copy)).isEqualTo(new AppliedIndex(1, 1));
    put(2, new AppliedIndex(1, 2));
    try (RocksTables opened = RocksTables.open(copy, memory);
        RocksSnapshot snapshot = opened.snapshot()) {
      assertThat(snapshot.applied()).isEqualTo(new AppliedIndex(1, 1));
      assertThat(snapshot.get(Table.INODES, bytes(1))).isEqualTo(bytes(1));
      assertThat(snapshot.get(Table.INODES, bytes(2))).isNull();
    }
  }

  @Test
  void usingWhatIsClosedIsAnExceptionAndNoCrash() {
    put(1, new AppliedIndex(1, 1));
    RocksSnapshot snapshot = tables.snapshot();
    RocksTransaction transaction = tables.begin();
    transaction.put(Table.INODES, bytes(2), bytes(2));
    ReadStore.Cursor rows = snapshot.scan(Table.INODES, bytes(), null);
    ReadStore.Cursor overlaid = transaction.scan(Table.INODES, bytes(), bytes(9));
    assertThat(rows.next()).isTrue();
    assertThat(overlaid.next()).isTrue();
    tables.close();
    assertThatThrownBy(rows::next).isInstanceOf(StoreException.class);
    assertThatThrownBy(overlaid::next).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> snapshot.get(Table.INODES, bytes(1)))
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> transaction.commit(new AppliedIndex(1, 2)))
        .isInstanceOf(StoreException.class);
    rows.close();
    overlaid.close();
    transaction.close();
    snapshot.close();
    tables.close();
  }

  @Test
  void aClosedSnapshotOrTransactionIsAnExceptionToo() {
    RocksSnapshot snapshot = tables.snapshot();
    snapshot.close();
    assertThatThrownBy(() -> snapshot.get(Table.INODES, bytes(1)))
        .isInstanceOf(StoreException.class);
    RocksTransaction transaction = tables.begin();
    transaction.commit(new AppliedIndex(1, 1));
    assertThatThrownBy(() -> transaction.put(Table.INODES, bytes(1), bytes(1)))
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> transaction.floor(Table.BLOCKS, bytes(1)))
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> transaction.scan(Table.INODES, bytes(1), null))
        .isInstanceOf(StoreException.class);
  }

  @Test
  void tablesThatAreOpenAlreadyAreLocked() {
    assertKind(TablesException.Kind.LOCKED);
  }

  @Test
  void aMissingCurrentIsDamageAndNotANewDatabase() throws Exception {
    put(1, new AppliedIndex(1, 1));
    tables.flush();
    tables.close();
    Files.delete(directory.resolve("t/CURRENT"));
    assertKind(TablesException.Kind.DAMAGED);
  }

  /** RocksDB reads such a MANIFEST for ever if it is let in. */
  @Test
  void aRecordOfTheManifestThatSeemsRecycledIsDamage() throws Exception {
    put(1, new AppliedIndex(1, 1));
    tables.close();
    try (Stream<Path> files = Files.list(directory.resolve("t"))) {
      Path manifest = files.filter(file -> file.toString().contains("MANIFEST")).findFirst().get();
      byte[] records = Files.readAllBytes(manifest);
      int second = 7 + Byte.toUnsignedInt(records[4]) + (Byte.toUnsignedInt(records[5]) << 8);
      records[second + 6] ^= 4;
      Files.write(manifest, records);
    }
    assertKind(TablesException.Kind.DAMAGED);
  }

  @Test
  void aMissingTableFileIsDamage() throws Exception {
    put(1, new AppliedIndex(1, 1));
    tables.flush();
    tables.close();
    try (Stream<Path> files = Files.list(directory.resolve("t"))) {
      Files.delete(files.filter(file -> file.toString().endsWith(".sst")).findFirst().get());
    }
    assertKind(TablesException.Kind.DAMAGED);
  }

  /** Damage would make the node throw its tables away and join as another. */
  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void anotherFormatIsSaidToBeAnotherVersionsAndNoDamage(int format) throws Exception {
    try (RocksTransaction local = tables.begin()) {
      local.putLocal(LocalTable.STATE, "format".getBytes("US-ASCII"), bytes(format));
      local.commitLocal();
    }
    tables.flush();
    tables.close();
    assertKind(TablesException.Kind.OTHER_VERSION);
  }

  private void assertKind(TablesException.Kind kind) {
    assertThatThrownBy(() -> RocksTables.open(directory.resolve("t"), memory))
        .isInstanceOfSatisfying(
            TablesException.class, e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
  }

  private void put(int key, AppliedIndex applied) {
    try (RocksTransaction transaction = tables.begin()) {
      transaction.put(Table.INODES, bytes(key), bytes(key));
      transaction.putLocal(LocalTable.NEED, bytes(key), bytes());
      transaction.commit(applied);
    }
  }
}
