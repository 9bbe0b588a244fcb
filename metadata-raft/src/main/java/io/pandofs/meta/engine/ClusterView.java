package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What tables tell of the cluster: nodes, sessions, placement, blocks, orphans. */
public final class ClusterView {
  /** A look at these tables, which stay the caller's. */
  public ClusterView(ReadStore tables) {}

  /** A member of the cluster; see {@code LogEntry.RegisterNode}. */
  public record Node(NodeId id, String name, String control, String raft, String blocks) {}

  /**
   * A live session.
   *
   * @param last the last sequence number applied
   * @param acknowledged results up to here are forgotten
   */
  public record Session(SessionId id, NodeId node, long last, long acknowledged) {}

  /** A committed block. */
  public record Block(BlockId id, int length, int crc32c, int references) {}

  /**
   * An inode without a link.
   *
   * @param index the log index that took its last link
   */
  public record Orphan(InodeId inode, long index) {}

  /** Whether the volume has been formatted. */
  public boolean isFormatted() {
    throw new UnsupportedOperationException();
  }

  /** The volume's id; 0 before it is formatted. */
  public long volumeId() {
    throw new UnsupportedOperationException();
  }

  /** All nodes in order of id. */
  public List<Node> nodes() {
    throw new UnsupportedOperationException();
  }

  public @Nullable Node node(NodeId id) {
    throw new UnsupportedOperationException();
  }

  /** The placement map; epoch 0 and no replicas before the first node. */
  public Placement placement() {
    throw new UnsupportedOperationException();
  }

  /** All live sessions in order of number. */
  public List<Session> sessions() {
    throw new UnsupportedOperationException();
  }

  public @Nullable Session session(SessionId id) {
    throw new UnsupportedOperationException();
  }

  public @Nullable Block block(BlockId id) {
    throw new UnsupportedOperationException();
  }

  /** Blocks with a number over {@code after} in order, at most {@code limit}. */
  public List<Block> blocksAfter(long after, int limit) {
    throw new UnsupportedOperationException();
  }

  /** Orphans with a number over {@code after} in order, at most {@code limit}. */
  public List<Orphan> orphansAfter(long after, int limit) {
    throw new UnsupportedOperationException();
  }
}
