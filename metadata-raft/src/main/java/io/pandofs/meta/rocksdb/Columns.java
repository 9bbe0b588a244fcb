package io.pandofs.meta.rocksdb;

import io.pandofs.meta.engine.Table;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.RocksDB;

/** The column families, in a fixed order: RocksDB's own, the replicated tables, the local ones. */
final class Columns {
  private static final int FIRST = 1;

  private final List<ColumnFamilyHandle> handles;

  Columns(List<ColumnFamilyHandle> handles) {
    this.handles = List.copyOf(handles);
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
    return handles.get(FIRST + table.ordinal());
  }

  ColumnFamilyHandle of(LocalTable table) {
    return handles.get(FIRST + Table.values().length + table.ordinal());
  }

  List<ColumnFamilyHandle> all() {
    return handles;
  }
}
