package io.pandofs.block;

import io.pandofs.common.NodeId;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the block servers of other nodes listen, by what this node has applied. Thread-safe. */
public interface BlockPeers {
  /** The advertised block address of a node; null when it is not a member (any more). */
  @Nullable InetSocketAddress addressOf(NodeId node);

  /** All members, those too that hold no group any more and may yet have what they held. */
  List<NodeId> members();
}
