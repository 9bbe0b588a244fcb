package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Compression;
import io.pandofs.common.NodeId;
import io.pandofs.meta.StoragePolicy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The placement map's row: epoch, policy, then of each group how many nodes and which. */
final class PlacementRow {
  private static final int VERSION = 2;

  private static final int POLICY = 1 + Long.BYTES;

  /** Behind version, epoch and policy. */
  private static final int FIRST_GROUP = POLICY + 3;

  private PlacementRow() {}

  static Placement load(ReadStore tables) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.PLACEMENT));
    if (row == null) {
      return Placement.EMPTY;
    }
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    long epoch = in.i64();
    StoragePolicy policy = policy(in.u8(), in.u8(), in.u8());
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
    return new Placement(epoch, policy, groups);
  }

  private static StoragePolicy policy(int copies, int quorum, int compression) {
    try {
      return new StoragePolicy(
          copies, StoragePolicy.WriteQuorum.ofCode(quorum), Compression.ofCode(compression));
    } catch (IllegalArgumentException e) {
      throw new StoreException("a placement map with an unknown policy", e);
    }
  }

  /**
   * What a commit of data needs of the map: to take all of it apart for each would cost more than
   * the commit.
   *
   * @param row as it is stored; null before the first node
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares it
  record Glance(long epoch, byte @Nullable [] row) {
    /** The replicas of a group, primary first. */
    List<NodeId> replicas(int group) {
      if (row == null) {
        return List.of();
      }
      int at = FIRST_GROUP;
      for (int i = 0; i < group; i++) {
        at += 1 + (row[at] & 0xff) * Long.BYTES;
      }
      List<NodeId> nodes = new ArrayList<>();
      for (int i = 0; i < (row[at] & 0xff); i++) {
        nodes.add(new NodeId(ByteBuffer.wrap(row).getLong(at + 1 + i * Long.BYTES)));
      }
      return nodes;
    }

    /** How many stable copies a write to the group needs; see {@link StoragePolicy}. */
    boolean isQuorum(int group, Collection<NodeId> holders) {
      Set<NodeId> present = new HashSet<>(replicas(group));
      int replicas = present.size();
      present.retainAll(new HashSet<>(holders));
      return present.size() >= policy().quorumOf(replicas);
    }

    StoragePolicy policy() {
      return row == null
          ? StoragePolicy.DEFAULT
          : PlacementRow.policy(row[POLICY], row[POLICY + 1], row[POLICY + 2]);
    }
  }

  static Glance glance(ReadStore tables) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.PLACEMENT));
    return new Glance(row == null ? 0 : new RowReader(Table.SYSTEM, row, VERSION).i64(), row);
  }

  static void save(Store store, Placement placement) {
    RowWriter out = new RowWriter(VERSION).i64(placement.epoch());
    StoragePolicy policy = placement.policy();
    out.u8(policy.copies()).u8(policy.writeQuorum().code()).u8(policy.compression().code());
    for (List<NodeId> group : placement.groups()) {
      out.u8(group.size());
      group.forEach(node -> out.i64(node.value()));
    }
    store.put(Table.SYSTEM, Keys.system(SystemKind.PLACEMENT), out.toBytes());
  }
}
