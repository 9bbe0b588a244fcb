package io.pandofs.tools.node;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockPeers;
import io.pandofs.block.BlockRow;
import io.pandofs.block.Replicas;
import io.pandofs.common.BlockId;
import io.pandofs.common.Compression;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.config.HostPort;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.raft.BlockTables;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Joins the two legs: answers what the block side asks from this node's applied tables. The
 * placement map and the members' addresses are asked for with every block that moves, so they are
 * kept until the log changes them: what was read before a change goes into what was kept before it,
 * and away with it. Thread-safe.
 */
final class LocalDirectory implements BlockDirectory, BlockPeers {
  private final BlockTables tables;
  private final List<Runnable> onNeeded = new CopyOnWriteArrayList<>();
  private final List<Runnable> onDropped = new CopyOnWriteArrayList<>();
  private volatile Kept kept = new Kept();
  private volatile Compression compression = Compression.NONE;

  private static final class Kept {
    final Map<NodeId, InetSocketAddress> addresses = new ConcurrentHashMap<>();
    final Map<NodeId, Boolean> left = new ConcurrentHashMap<>();
    volatile @Nullable Placement placement;
  }

  LocalDirectory(BlockTables tables) {
    this.tables = tables;
  }

  /** The log changed nodes, addresses or placement: asks the tables again. */
  void placementChanged() {
    kept = new Kept();
    needed();
  }

  /** The log added to the needed set. */
  void needed() {
    onNeeded.forEach(Runnable::run);
  }

  /** The log added to the dropped set. */
  void dropped() {
    onDropped.forEach(Runnable::run);
  }

  Placement placement() {
    Kept now = kept;
    Placement known = now.placement;
    if (known == null) {
      known = tables.placement();
      now.placement = known;
      compression = known.policy().compression();
    }
    return known;
  }

  /** As of the placement map that was looked at last; reads nothing. */
  Compression compression() {
    return compression;
  }

  @Override
  public Replicas replicas(int group) {
    Placement known = placement();
    return new Replicas(known.epoch(), known.replicas(group), known.quorum(group));
  }

  @Override
  public @Nullable InetSocketAddress addressOf(NodeId node) {
    Kept now = kept;
    InetSocketAddress known = now.addresses.get(node);
    if (known != null) {
      return known;
    }
    for (ClusterView.Node member : tables.nodes()) {
      if (member.id().equals(node)) {
        return remember(now, member);
      }
    }
    return null;
  }

  /** Whether the node was a member and is none any more. */
  boolean hasLeft(NodeId node) {
    return kept.left.computeIfAbsent(node, tables::hasLeft);
  }

  @Override
  public List<NodeId> members() {
    return tables.nodes().stream().map(ClusterView.Node::id).toList();
  }

  private static @Nullable InetSocketAddress remember(Kept kept, ClusterView.Node member) {
    InetSocketAddress address = unresolved(member.blocks());
    if (address != null) {
      kept.addresses.put(member.id(), address);
    }
    return address;
  }

  /** The address of this text, its name looked up by who connects; null when it is none. */
  static @Nullable InetSocketAddress unresolved(String text) {
    return HostPort.parse(text)
        .map(at -> InetSocketAddress.createUnresolved(at.host(), at.port()))
        .orElse(null);
  }

  @Override
  public @Nullable BlockRow row(BlockId block) {
    ClusterView.Block row = tables.row(block);
    return row == null ? null : told(row);
  }

  @Override
  public boolean isReferenced(BlockId block) {
    return tables.isReferenced(block);
  }

  private static BlockRow told(ClusterView.Block row) {
    return new BlockRow(row.id(), row.length(), row.crc32c());
  }

  @Override
  public List<BlockRow> rowsAfter(long after, int limit) {
    return tables.rowsAfter(after, limit).stream().map(LocalDirectory::told).toList();
  }

  @Override
  public boolean isLive(SessionId session) {
    return tables.isLive(session);
  }

  @Override
  public boolean hasEnded(SessionId session) {
    return tables.hasEnded(session);
  }

  @Override
  public List<BlockRow> neededAfter(long after, int limit) {
    return tables.neededAfter(after, limit).stream()
        .map(needed -> new BlockRow(needed.block(), needed.length(), needed.crc32c()))
        .toList();
  }

  @Override
  public void need(List<BlockId> blocks) {
    tables.need(blocks);
  }

  @Override
  public void settled(List<BlockId> blocks) {
    tables.settled(blocks);
  }

  @Override
  public List<DroppedBlock> dropped(int limit) {
    return tables.dropped(limit).stream()
        .map(
            dropped -> new DroppedBlock(dropped.block(), dropped.index(), dropped.droppedAtNanos()))
        .toList();
  }

  @Override
  public long applied() {
    return tables.applied();
  }

  @Override
  public void persist(long index) {
    tables.persist(index);
  }

  @Override
  public void deleted(List<BlockId> blocks) {
    tables.deleted(blocks);
  }

  @Override
  public void onNeeded(Runnable listener) {
    onNeeded.add(listener);
  }

  @Override
  public void onDropped(Runnable listener) {
    onDropped.add(listener);
  }
}
