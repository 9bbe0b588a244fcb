package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What tables tell of the cluster: nodes, sessions, placement, blocks, orphans. As thread-safe as
 * the tables are.
 */
public final class ClusterView {
  private final ReadStore tables;

  /** A look at these tables, which stay the caller's. */
  public ClusterView(ReadStore tables) {
    this.tables = tables;
  }

  /**
   * A member of the cluster; see {@code LogEntry.RegisterNode}.
   *
   * @param placed false for one that was let in and has not been seen to vote yet; see {@code
   *     LogEntry.PlaceNode}
   * @param leaving it is to be removed; see {@code LogEntry.DrainNode}
   * @param capacityBytes of its disks; 0 before it has said so
   * @param out it has been away for so long that others hold its groups; see {@code
   *     LogEntry.OutNode}
   */
  public record Node(
      NodeId id,
      String name,
      String control,
      String raft,
      String blocks,
      long capacityBytes,
      boolean placed,
      boolean leaving,
      boolean out) {
    /** Whether placement groups are given to it. */
    public boolean holds() {
      return placed && !leaving && !out;
    }

    Node with(boolean isPlaced, boolean isLeaving, boolean isOut) {
      return new Node(id, name, control, raft, blocks, capacityBytes, isPlaced, isLeaving, isOut);
    }

    Node with(long newCapacityBytes) {
      return new Node(id, name, control, raft, blocks, newCapacityBytes, placed, leaving, out);
    }
  }

  /**
   * A live session.
   *
   * @param last the last sequence number applied
   * @param acknowledged results up to here are forgotten
   * @param registered by the clock of who proposed the registration
   */
  public record Session(
      SessionId id, NodeId node, long last, long acknowledged, Timestamp registered) {}

  /**
   * A join token.
   *
   * @param secretHash of the secret, which nobody keeps
   * @param usesLeft how many more nodes it lets in
   */
  public record Token(
      long id, Fingerprint secretHash, int usesLeft, Timestamp expires, Timestamp created) {
    Token used() {
      return new Token(id, secretHash, usesLeft - 1, expires, created);
    }
  }

  /**
   * A committed block.
   *
   * @param references extents in it
   * @param liveBytes the bytes of these extents, what several share for each; the rest is dead
   */
  public record Block(BlockId id, int length, int crc32c, int references, long liveBytes) {}

  /**
   * An inode without a link.
   *
   * @param index the log index that took its last link
   */
  public record Orphan(InodeId inode, long index) {}

  /** Whether the volume has been formatted. */
  public boolean isFormatted() {
    return Superblock.find(tables) != null;
  }

  /** The volume's id; 0 before it is formatted. */
  public long volumeId() {
    Superblock superblock = Superblock.find(tables);
    return superblock == null ? 0 : superblock.volumeId();
  }

  /** How many times the cluster went on with one survivor; see {@code LogEntry.Recover}. */
  public int clusterEpoch() {
    return (int) (Counters.next(tables, SystemKind.RECOVERY_COUNTER) - 1);
  }

  /** All nodes in order of id. */
  public List<Node> nodes() {
    return Membership.nodes(tables);
  }

  public @Nullable Node node(NodeId id) {
    return Membership.node(tables, id);
  }

  /**
   * Whether the node was a member once and is none any more; false for one whose registration these
   * tables do not have yet.
   */
  public boolean hasLeft(NodeId id) {
    return id.value() < Counters.next(tables, SystemKind.NODE_COUNTER) && node(id) == null;
  }

  /** The placement map; epoch 0 and no replicas before the first node. */
  public Placement placement() {
    return PlacementRow.load(tables);
  }

  /** All live sessions in order of number. */
  public List<Session> sessions() {
    return Sessions.all(tables);
  }

  public @Nullable Session session(SessionId id) {
    return Sessions.find(tables, id);
  }

  /** Whether the session was registered once and is over; false for one that is not known yet. */
  public boolean hasEnded(SessionId id) {
    return id.value() < Counters.next(tables, SystemKind.SESSION_COUNTER) && session(id) == null;
  }

  /** All join tokens in order of id, used up and expired ones too. */
  public List<Token> tokens() {
    return Tokens.all(tables);
  }

  /** Why a node would not be let in if this entry were applied now; null if it would. */
  public LogEntry.AdmitNode.@Nullable Refusal refusal(LogEntry.AdmitNode entry) {
    return Tokens.refusal(entry, tables);
  }

  /** As {@link #refusal(LogEntry.AdmitNode)}. */
  public LogEntry.AdmitNode.@Nullable Refusal refusal(LogEntry.ReplaceNode entry) {
    return Tokens.refusal(entry, tables);
  }

  /** Who was let in with this public key; null for nobody. */
  public @Nullable NodeId nodeWithKey(Fingerprint key) {
    return Tokens.withKey(tables, key);
  }

  /** The row of a block that is on its replicas; null if there is none. */
  public @Nullable Block block(BlockId id) {
    return BlockRow.find(tables, id);
  }

  /** Whether anything references the block, be its bytes in the tables or on its replicas. */
  public boolean isReferenced(BlockId id) {
    return BlockReferences.find(tables, id) != null;
  }

  /** Blocks on replicas with a number over {@code after} in order, at most {@code limit}. */
  public List<Block> blocksAfter(long after, int limit) {
    return after(Table.BLOCKS, after, limit, (key, row) -> BlockRow.decode(Keys.first(key), row));
  }

  /** Orphans with a number over {@code after} in order, at most {@code limit}. */
  public List<Orphan> orphansAfter(long after, int limit) {
    return after(Table.ORPHANS, after, limit, Orphans::decode);
  }

  private <T> List<T> after(
      Table table, long after, int limit, BiFunction<byte[], byte[], T> decode) {
    List<T> found = new ArrayList<>();
    if (after == Long.MAX_VALUE) {
      return found;
    }
    try (ReadStore.Cursor rows = tables.scan(table, Keys.of(after + 1), null)) {
      while (found.size() < limit && rows.next()) {
        found.add(decode.apply(rows.key(), rows.value()));
      }
    }
    return found;
  }
}
