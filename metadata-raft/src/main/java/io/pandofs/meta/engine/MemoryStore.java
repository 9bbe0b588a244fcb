package io.pandofs.meta.engine;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Tables in memory. */
public final class MemoryStore implements Store {
  private final Map<Table, TreeMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);

  public MemoryStore() {
    for (Table table : Table.values()) {
      tables.put(table, new TreeMap<>(Arrays::compareUnsigned));
    }
  }

  /** A copy that goes its own way. */
  public MemoryStore copy() {
    MemoryStore copy = new MemoryStore();
    tables.forEach((table, rows) -> copy.rows(table).putAll(rows));
    return copy;
  }

  @Override
  public byte @Nullable [] get(Table table, byte[] key) {
    return rows(table).get(key);
  }

  @Override
  public @Nullable Row floor(Table table, byte[] key) {
    Map.Entry<byte[], byte[]> entry = rows(table).floorEntry(key);
    return entry == null ? null : new Row(entry.getKey(), entry.getValue());
  }

  @Override
  public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
    if (to != null && Arrays.compareUnsigned(from, to) >= 0) {
      return new MapCursor(Map.<byte[], byte[]>of().entrySet().iterator());
    }
    TreeMap<byte[], byte[]> rows = rows(table);
    return new MapCursor(
        (to == null ? rows.tailMap(from, true) : rows.subMap(from, true, to, false))
            .entrySet()
            .iterator());
  }

  @Override
  public void put(Table table, byte[] key, byte[] value) {
    rows(table).put(key, value);
  }

  @Override
  public void delete(Table table, byte[] key) {
    rows(table).remove(key);
  }

  private TreeMap<byte[], byte[]> rows(Table table) {
    TreeMap<byte[], byte[]> rows = tables.get(table);
    if (rows == null) {
      throw new IllegalStateException("a table that is not there: " + table);
    }
    return rows;
  }

  /** A walk that fails fast when the tables change under it. */
  private static final class MapCursor implements Cursor {
    private final Iterator<Map.Entry<byte[], byte[]>> entries;
    private Map.@Nullable Entry<byte[], byte[]> present;

    MapCursor(Iterator<Map.Entry<byte[], byte[]>> entries) {
      this.entries = entries;
    }

    @Override
    public boolean next() {
      present = entries.hasNext() ? entries.next() : null;
      return present != null;
    }

    @Override
    public byte[] key() {
      return present().getKey();
    }

    @Override
    public byte[] value() {
      return present().getValue();
    }

    @Override
    public void close() {
      present = null;
    }

    private Map.Entry<byte[], byte[]> present() {
      if (present == null) {
        throw new IllegalStateException("the cursor stands on no row");
      }
      return present;
    }
  }
}
