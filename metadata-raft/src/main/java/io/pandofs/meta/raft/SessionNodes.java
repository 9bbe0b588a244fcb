package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.engine.ClusterView;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which node a session is of, to check who speaks for it. That never changes and numbers are not
 * used again, so that what was once looked up is remembered. Thread-safe.
 */
final class SessionNodes {
  private static final int REMEMBERED = 4096;

  private final LiveTables tables;
  private final Map<SessionId, NodeId> known = new ConcurrentHashMap<>();

  SessionNodes(LiveTables tables) {
    this.tables = tables;
  }

  /** Null for a session that the tables do not have. May read tables: not for an I/O thread. */
  @Nullable NodeId of(SessionId id) {
    NodeId remembered = known.get(id);
    if (remembered != null) {
      return remembered;
    }
    ClusterView.Session session;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      session = snapshot.cluster().session(id);
    }
    if (session == null) {
      return null;
    }
    if (known.size() >= REMEMBERED) {
      known.clear();
    }
    known.put(id, session.node());
    return session.node();
  }
}
