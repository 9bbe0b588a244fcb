package io.pandofs.meta.engine;

import org.jspecify.annotations.Nullable;

/**
 * Ordered tables of byte keys (unsigned order) and byte values, to read. An empty value is a value.
 * Arrays handed in or out must not be changed afterwards by either side.
 *
 * <p>Not thread-safe. A fault of the medium is a {@link StoreException}.
 */
public interface ReadStore {
  /** The value of a key; null if there is none. */
  byte @Nullable [] get(Table table, byte[] key);

  /** The row with the largest key at or below {@code key}; null if there is none. */
  @Nullable Row floor(Table table, byte[] key);

  /**
   * Rows with {@code from <= key < to} in order of key; {@code to} null means to the end. The
   * tables must not be changed while the cursor is open.
   */
  Cursor scan(Table table, byte[] from, byte @Nullable [] to);

  /** A row. */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Row(byte[] key, byte[] value) {}

  /** A walk over rows; starts before the first. */
  interface Cursor extends AutoCloseable {
    /** Goes to the next row; false at the end. */
    boolean next();

    /** The present row's key; only after {@link #next} was true. */
    byte[] key();

    /** The present row's value; only after {@link #next} was true. */
    byte[] value();

    @Override
    void close();
  }
}
