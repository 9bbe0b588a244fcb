package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a replica is doing.
 *
 * @param role LEADER, FOLLOWER, CANDIDATE, LISTENER, STARTING before it is a member, or FENCED when
 *     it does not serve any more
 * @param leader null while none is known
 * @param voters the members of the Raft group as this node knows it
 * @param applied the last log index in the tables
 * @param committed the last index that is known to be committed
 * @param checkpoint the last index that a durable checkpoint holds; -1 for none
 * @param logStandsMillis for how long nothing of the log that is to be written has come to this
 *     node's disk; 0 when nothing waits
 * @param sessions how many mounts this node has
 * @param renewed whether this node's sessions were renewed lately
 * @param clockAheadMillis this node's clock minus the leader's
 * @param tableHashes hashes of the tables, by log index
 * @param reads how this node answers reads
 * @param failure why this replica does not serve any more; null while it does
 */
public record ReplicaStatus(
    NodeId node,
    long volumeId,
    String role,
    @Nullable NodeId leader,
    long term,
    List<NodeId> voters,
    long applied,
    long committed,
    long checkpoint,
    long logStandsMillis,
    int sessions,
    boolean renewed,
    long clockAheadMillis,
    Map<Long, String> tableHashes,
    Reads reads,
    @Nullable String failure) {
  /**
   * How this node answers its mounts' reads; counts since the start.
   *
   * @param fresh whether it may answer by itself now
   * @param released everything up to this log index may be shown, see {@link Releases}
   * @param local views that were opened without a message
   * @param asked views for which the leader was asked
   * @param waited answers that waited for a release
   * @param lost how often a freshness lease ran out before it was renewed
   */
  public record Reads(
      boolean fresh, long released, long local, long asked, long waited, long lost) {}
}
