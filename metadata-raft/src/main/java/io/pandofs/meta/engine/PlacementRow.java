package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import java.util.ArrayList;
import java.util.List;

/** The placement map's row: epoch, then of each group how many nodes and which. */
final class PlacementRow {
  private static final int VERSION = 1;

  private PlacementRow() {}

  static Placement load(ReadStore tables) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.PLACEMENT));
    if (row == null) {
      return Placement.EMPTY;
    }
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    long epoch = in.i64();
    List<List<NodeId>> groups = new ArrayList<>();
    for (int i = 0; i < BlockId.GROUPS; i++) {
      int count = in.u8();
      List<NodeId> nodes = new ArrayList<>();
      for (int j = 0; j < count; j++) {
        nodes.add(new NodeId(in.i64()));
      }
      groups.add(nodes);
    }
    in.end();
    return new Placement(epoch, groups);
  }

  static void save(Store store, Placement placement) {
    RowWriter out = new RowWriter(VERSION).i64(placement.epoch());
    for (List<NodeId> group : placement.groups()) {
      out.u8(group.size());
      group.forEach(node -> out.i64(node.value()));
    }
    store.put(Table.SYSTEM, Keys.system(SystemKind.PLACEMENT), out.toBytes());
  }
}
