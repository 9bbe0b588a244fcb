package io.pandofs.meta.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tables with rows over them that they do not have yet. What is put or deleted here becomes such a
 * row and leaves the tables below alone, but for the system table: its totals follow from what is
 * not all known here, and nobody decides by them.
 *
 * <p>Each row knows which operation wrote it last, by a number of the caller's. Not thread-safe.
 */
public final class OverlayStore implements Store {
  private static final byte GONE = 0;
  private static final byte THERE = 1;
  private static final int HEAD = 1 + Long.BYTES;

  /** No key is longer: that of an extended attribute, whose name has 255 bytes. */
  private static final int KEY_MAX = 512;

  private final MemoryStore rows;
  private final ReadStore below;
  private final long number;
  private final List<Place> written = new ArrayList<>();
  private long writtenBytes;

  /** Where a row is. */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  public record Place(Table table, byte[] key) {}

  /**
   * Nothing written here yet.
   *
   * @param rows of this class, owned from now on
   * @param number of the operation that writes here
   */
  public OverlayStore(MemoryStore rows, ReadStore below, long number) {
    this.rows = rows;
    this.below = below;
    this.number = number;
  }

  /** The rows, with those that were written here. */
  public MemoryStore rows() {
    return rows;
  }

  /** What was put or deleted here, perhaps several times. */
  public List<Place> written() {
    return written;
  }

  /** Of keys and rows that were written here. */
  public long writtenBytes() {
    return writtenBytes;
  }

  /** Takes a row out that the tables below have by now, unless a later operation wrote it again. */
  public static void settle(MemoryStore rows, Place place, long number) {
    byte[] row = rows.get(place.table, place.key);
    if (row != null && ByteBuffer.wrap(row).getLong(1) == number) {
      rows.delete(place.table, place.key);
    }
  }

  private static boolean isThere(byte[] row) {
    return row[0] == THERE;
  }

  private static byte[] value(byte[] row) {
    return Arrays.copyOfRange(row, HEAD, row.length);
  }

  @Override
  public byte @Nullable [] get(Table table, byte[] key) {
    byte[] row = rows.get(table, key);
    if (row == null) {
      return below.get(table, key);
    }
    return isThere(row) ? value(row) : null;
  }

  @Override
  public @Nullable Row floor(Table table, byte[] key) {
    byte[] at = key;
    while (true) {
      Row over = rows.floor(table, at);
      Row under = below.floor(table, at);
      if (over == null || (under != null && Arrays.compareUnsigned(over.key(), under.key()) < 0)) {
        return under;
      }
      if (isThere(over.value())) {
        return new Row(over.key(), value(over.value()));
      }
      if (over.key().length == 0) {
        return null;
      }
      at = before(over.key());
    }
  }

  /** A bound at or above all keys that are smaller than this one. */
  private static byte[] before(byte[] key) {
    int last = key.length - 1;
    if (key[last] == 0) {
      return Arrays.copyOf(key, last);
    }
    byte[] bound = Arrays.copyOf(key, KEY_MAX);
    bound[last]--;
    Arrays.fill(bound, key.length, KEY_MAX, (byte) -1);
    return bound;
  }

  @Override
  public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
    return new Merged(rows.scan(table, from, to), below.scan(table, from, to));
  }

  @Override
  public void put(Table table, byte[] key, byte[] value) {
    byte[] row =
        ByteBuffer.allocate(HEAD + value.length).put(THERE).putLong(number).put(value).array();
    write(table, key, row);
  }

  @Override
  public void delete(Table table, byte[] key) {
    write(table, key, ByteBuffer.allocate(HEAD).put(GONE).putLong(number).array());
  }

  private void write(Table table, byte[] key, byte[] row) {
    if (table != Table.SYSTEM) {
      rows.put(table, key, row);
      written.add(new Place(table, key));
      writtenBytes += key.length + row.length;
    }
  }

  /** Both in order of key; what is over a row hides it. */
  private static final class Merged implements Cursor {
    private final Cursor over;
    private final Cursor under;
    private boolean hasOver;
    private boolean hasUnder;

    /** Which of them the present row is of; null before the first and behind the last. */
    private @Nullable Cursor at;

    Merged(Cursor over, Cursor under) {
      this.over = over;
      this.under = under;
      this.hasOver = over.next();
      this.hasUnder = under.next();
    }

    @Override
    public boolean next() {
      if (at == over) {
        hasOver = over.next();
      } else if (at == under) {
        hasUnder = under.next();
      }
      at = null;
      while (hasOver || hasUnder) {
        int order = !hasUnder ? -1 : !hasOver ? 1 : Arrays.compareUnsigned(over.key(), under.key());
        if (order > 0) {
          at = under;
          return true;
        }
        if (order == 0) {
          hasUnder = under.next();
        }
        if (isThere(over.value())) {
          at = over;
          return true;
        }
        hasOver = over.next();
      }
      return false;
    }

    private Cursor present() {
      if (at == null) {
        throw new IllegalStateException("not on a row");
      }
      return at;
    }

    @Override
    public byte[] key() {
      return present().key();
    }

    @Override
    public byte[] value() {
      return at == over ? OverlayStore.value(over.value()) : present().value();
    }

    @Override
    public void close() {
      over.close();
      under.close();
    }
  }
}
