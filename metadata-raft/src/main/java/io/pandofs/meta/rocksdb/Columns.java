package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.Table;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.RocksDB;

/** The column families, in a fixed order: RocksDB's own, the replicated tables, the local ones. */
final class Columns {
  private static final int FIRST = 1;

  private final List<ColumnFamilyHandle> handles;
  private final Map<Table, ColumnFamilyHandle> tables = new EnumMap<>(Table.class);
  private final Map<LocalTable, ColumnFamilyHandle> localTables = new EnumMap<>(LocalTable.class);

  /**
   * @param handles as RocksDB answers {@link #names}
   */
  Columns(List<ColumnFamilyHandle> handles) {
    this.handles = List.copyOf(handles);
    Iterator<ColumnFamilyHandle> next = this.handles.subList(FIRST, handles.size()).iterator();
    for (Table table : Table.values()) {
      tables.put(table, next.next());
    }
    for (LocalTable table : LocalTable.values()) {
      localTables.put(table, next.next());
    }
  }

  static List<byte[]> names() {
    List<byte[]> names = new ArrayList<>();
    names.add(RocksDB.DEFAULT_COLUMN_FAMILY);
    for (Table table : Table.values()) {
      names.add(table.columnFamily().getBytes(StandardCharsets.US_ASCII));
    }
    for (LocalTable table : LocalTable.values()) {
      names.add(table.columnFamily().getBytes(StandardCharsets.US_ASCII));
    }
    return names;
  }

  static List<ColumnFamilyDescriptor> descriptors(ColumnFamilyOptions options) {
    return names().stream().map(name -> new ColumnFamilyDescriptor(name, options)).toList();
  }

  ColumnFamilyHandle of(Table table) {
    return Objects.requireNonNull(tables.get(table));
  }

  ColumnFamilyHandle of(LocalTable table) {
    return Objects.requireNonNull(localTables.get(table));
  }

  List<ColumnFamilyHandle> all() {
    return handles;
  }
}
