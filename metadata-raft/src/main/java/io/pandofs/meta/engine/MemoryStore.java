package io.pandofs.meta.engine;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tables in memory. A copy costs nothing and goes its own way. */
public final class MemoryStore implements Store {
  private final Map<Table, RowTree> tables;

  public MemoryStore() {
    this(new EnumMap<>(Table.class));
  }

  private MemoryStore(Map<Table, RowTree> tables) {
    this.tables = tables;
  }

  /** The tables as they are now; what changes here or there is not seen on the other side. */
  public MemoryStore copy() {
    return new MemoryStore(new EnumMap<>(tables));
  }

  @Override
  public byte @Nullable [] get(Table table, byte[] key) {
    RowTree row = RowTree.find(tables.get(table), key);
    return row == null ? null : row.value();
  }

  @Override
  public @Nullable Row floor(Table table, byte[] key) {
    RowTree row = RowTree.floor(tables.get(table), key);
    return row == null ? null : new Row(row.key(), row.value());
  }

  @Override
  public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
    return new RowTree.Walk(tables.get(table), from, to);
  }

  @Override
  public void put(Table table, byte[] key, byte[] value) {
    tables.put(table, RowTree.put(tables.get(table), key, value));
  }

  @Override
  public void delete(Table table, byte[] key) {
    RowTree left = RowTree.delete(tables.get(table), key);
    if (left == null) {
      tables.remove(table);
    } else {
      tables.put(table, left);
    }
  }
}
