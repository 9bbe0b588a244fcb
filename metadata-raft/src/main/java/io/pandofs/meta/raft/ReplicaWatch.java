package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.meta.engine.ClusterView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the evidence that {@link LogCheck} and a later rejoin need up to date: how far Raft has
 * come, and where the other members are. Looks about once a second, writes when something changed.
 * Thread-safe; it syncs files, so not on a thread that others wait for.
 */
final class ReplicaWatch {
  private final RatisNode ratis;
  private final LiveTables tables;
  private final RaftFiles files;
  private final Path markFile;
  private final DamageRecord record;
  private final String self;

  @GuardedBy("this")
  private @Nullable LogMark last;

  /**
   * @param self this node's control address
   */
  ReplicaWatch(
      RatisNode ratis,
      LiveTables tables,
      RaftFiles files,
      Path markFile,
      DamageRecord record,
      String self) {
    this.ratis = ratis;
    this.tables = tables;
    this.files = files;
    this.markFile = markFile;
    this.record = record;
    this.self = self;
  }

  /** Takes a look. */
  synchronized void look() throws IOException {
    RaftServer.Division division = ratis.division();
    // What a checkpoint has brought counts as committed, but the log may not reach it yet.
    long committed =
        Math.min(
            division.getRaftLog().getLastCommittedIndex(), division.getRaftLog().getFlushIndex());
    LogMark now = files.mark(committed);
    if (!now.equals(last)) {
      now.write(markFile);
      last = now;
    }
    try (LocalSnapshot snapshot = tables.snapshot()) {
      List<String> others =
          snapshot.cluster().nodes().stream()
              .map(ClusterView.Node::control)
              .filter(control -> !control.equals(self))
              .sorted()
              .toList();
      if (!others.isEmpty()) {
        record.members(others);
      }
    }
  }
}
