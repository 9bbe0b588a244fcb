package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.ReadStore;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/** A walk over the rows of a range. */
final class RocksCursor implements ReadStore.Cursor {
  private static final byte[] NONE = {};

  private final Gate gate;
  private final RocksIterator rows;
  private final Free free;
  private byte @Nullable [] from;
  private boolean valid;
  private byte[] key = NONE;
  private byte[] value = NONE;

  /** Frees an iterator and what it needs. */
  record Free(RocksIterator rows, ReadOptions options, @Nullable Slice bound) implements Runnable {
    @Override
    public void run() {
      rows.close();
      options.close();
      if (bound != null) {
        bound.close();
      }
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  RocksCursor(Gate gate, Free free, byte[] from) {
    this.gate = gate;
    this.rows = free.rows();
    this.free = free;
    this.from = from;
    gate.opened(free);
  }

  @Override
  public boolean next() {
    valid = gate.pass(this::advance);
    return valid;
  }

  private boolean advance() throws RocksDBException {
    if (from != null) {
      rows.seek(from);
      from = null;
    } else if (valid) {
      rows.next();
    } else {
      return false;
    }
    if (!rows.isValid()) {
      rows.status();
      return false;
    }
    key = rows.key();
    value = rows.value();
    return true;
  }

  @Override
  public byte[] key() {
    requireRow();
    return key;
  }

  @Override
  public byte[] value() {
    requireRow();
    return value;
  }

  private void requireRow() {
    if (!valid) {
      throw new IllegalStateException("the cursor stands on no row");
    }
  }

  @Override
  public void close() {
    valid = false;
    gate.free(free);
  }
}
