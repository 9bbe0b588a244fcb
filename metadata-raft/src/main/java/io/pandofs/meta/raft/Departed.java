package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.Table;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksSnapshot;
import io.pandofs.meta.rocksdb.RocksTables;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The blocks that went between two states of the tables of which nobody applied the entries between
 * them: numbers are never used again, so a block that only the older ones have was dropped. Without
 * this its copy would look like one that its writer has not committed yet, and stay for as long as
 * the writer's session lives.
 */
final class Departed implements AutoCloseable {
  private static final int ROWS_AT_ONCE = 1000;

  private final RocksSnapshot before;
  private final RocksSnapshot after;
  private final RocksTables into;
  private final long index;
  private RocksTransaction transaction;
  private int rows;

  /**
   * @param before tables that are older
   * @param after those that take their place; not used by anybody else yet
   */
  Departed(RocksTables before, RocksTables after) {
    if (before.applied().index() > after.applied().index()) {
      throw new IllegalArgumentException("a checkpoint is older than the tables it replaces");
    }
    this.before = before.snapshot();
    this.after = after.snapshot();
    this.into = after;
    this.index = after.applied().index();
    this.transaction = after.begin();
  }

  /** Puts them, and what was in the older tables' set already, into the set of dropped blocks. */
  void drop() {
    dropWhatWas();
    dropWhatWent();
    transaction.commitLocal();
  }

  private void dropWhatWas() {
    try (ReadStore.Cursor dropped =
        before.scanLocal(LocalTable.DROP, new byte[] {0}, new byte[] {1})) {
      while (dropped.next()) {
        drop(ByteBuffer.wrap(dropped.key()).getLong(1 + Long.BYTES));
      }
    }
  }

  private void dropWhatWent() {
    try (ReadStore.Cursor old = before.scan(Table.BLOCKS, new byte[0], null);
        ReadStore.Cursor now = after.scan(Table.BLOCKS, new byte[0], null)) {
      boolean more = now.next();
      while (old.next()) {
        while (more && Arrays.compareUnsigned(now.key(), old.key()) < 0) {
          more = now.next();
        }
        if (!more || !Arrays.equals(now.key(), old.key())) {
          drop(ByteBuffer.wrap(old.key()).getLong());
        }
      }
    }
  }

  private void drop(long block) {
    LocalSets.drop(transaction, index, new BlockId(block));
    if (++rows % ROWS_AT_ONCE == 0) {
      transaction.commitLocal();
      transaction.close();
      transaction = into.begin();
    }
  }

  @Override
  public void close() {
    transaction.close();
    after.close();
    before.close();
  }
}
