package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gathers how a running replica is doing. Thread-safe. */
final class StatusReport {
  private static final Logger LOG = LoggerFactory.getLogger(StatusReport.class);

  private final Identity identity;
  private final RatisNode ratis;
  private final AppliedGate applied;
  private final Checkpoints checkpoints;
  private final LogStall stall;
  private final LocalSessions sessions;
  private final TableHashes hashes;
  private final LinearReads reads;

  StatusReport(
      Identity identity,
      RatisNode ratis,
      AppliedGate applied,
      Checkpoints checkpoints,
      LogStall stall,
      LocalSessions sessions,
      TableHashes hashes,
      LinearReads reads) {
    this.identity = identity;
    this.ratis = ratis;
    this.applied = applied;
    this.checkpoints = checkpoints;
    this.stall = stall;
    this.sessions = sessions;
    this.hashes = hashes;
    this.reads = reads;
  }

  /**
   * @param fenced whether this replica has stopped serving
   * @param failure why it does not serve, or what else is wrong with it; null for nothing
   */
  ReplicaStatus now(boolean fenced, @Nullable String failure) {
    String role = "STARTING";
    long committed = -1;
    List<NodeId> voters = new ArrayList<>();
    try {
      RaftServer.Division division = ratis.division();
      role = division.getInfo().getCurrentRole().name();
      committed = division.getRaftLog().getLastCommittedIndex();
      division
          .getRaftConf()
          .getCurrentPeers()
          .forEach(peer -> voters.add(RatisNode.nodeId(peer.getId())));
    } catch (IOException | IllegalStateException e) {
      LOG.debug("{}: no Raft server to ask: {}", identity.node(), e.toString());
    }
    if (fenced) {
      // What a closed Raft server last knew is not so any more.
      role = "FENCED";
    }
    RaftPeer leads = fenced ? null : ratis.leader();
    SnapshotInfo checkpoint = checkpoints.getLatestSnapshot();
    return new ReplicaStatus(
        identity.node(),
        identity.volumeId(),
        role,
        leads == null ? null : RatisNode.nodeId(leads.getId()),
        ratis.term(),
        voters,
        applied.get(),
        committed,
        checkpoint == null ? -1 : checkpoint.getIndex(),
        fenced ? 0 : stall.stands().toMillis(),
        sessions.size(),
        sessions.isCurrent(),
        sessions.clockAheadMillis(),
        hashes.all(),
        reads.counts(),
        failure);
  }
}
