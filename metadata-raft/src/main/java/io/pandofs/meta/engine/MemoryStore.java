package io.pandofs.meta.engine;

import org.jspecify.annotations.Nullable;

/** Tables in memory. A copy costs nothing and goes its own way. */
public final class MemoryStore implements Store {
  private final @Nullable RowTree[] tables;

  public MemoryStore() {
    this(new RowTree[Table.values().length]);
  }

  private MemoryStore(@Nullable RowTree[] tables) {
    this.tables = tables;
  }

  /** The tables as they are now; what changes here or there is not seen on the other side. */
  public MemoryStore copy() {
    return new MemoryStore(tables.clone());
  }

  @Override
  public byte @Nullable [] get(Table table, byte[] key) {
    RowTree row = RowTree.find(tables[table.ordinal()], key);
    return row == null ? null : row.value();
  }

  @Override
  public @Nullable Row floor(Table table, byte[] key) {
    RowTree row = RowTree.floor(tables[table.ordinal()], key);
    return row == null ? null : new Row(row.key(), row.value());
  }

  @Override
  public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
    return new RowTree.Walk(tables[table.ordinal()], from, to);
  }

  @Override
  public void put(Table table, byte[] key, byte[] value) {
    tables[table.ordinal()] = RowTree.put(tables[table.ordinal()], key, value);
  }

  @Override
  public void delete(Table table, byte[] key) {
    tables[table.ordinal()] = RowTree.delete(tables[table.ordinal()], key);
  }
}
