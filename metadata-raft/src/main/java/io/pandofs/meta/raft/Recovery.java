package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.LogEngine;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.rocksdb.AppliedIndex;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.segmented.LogSegment;
import org.apache.ratis.server.raftlog.segmented.LogSegmentPath;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the survivor of a lost majority the only node of its cluster, offline (PROTOCOL 19).
 *
 * <p>Opening it applies the whole log that is here to the tables, committed or not: an entry that
 * is here and was acknowledged is kept, and one that was not acknowledged may take effect like any
 * whose answer was lost. {@link #commit} then takes the other nodes away, begins a new cluster
 * epoch and with it a new Raft group, which starts from a checkpoint. From the first change to the
 * last the identity says that a recovery is under way: a node is not started between. Used by one
 * thread, by the process that has locked the data directory.
 */
public final class Recovery implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
  private static final SizeInBytes ENTRY_MAX = SizeInBytes.valueOf("32MB");
  private static final int PAGE = 1024;

  private final DataDirectory data;
  private final Identity identity;
  private final LiveTables tables;
  private final LogEngine engine = new LogEngine();

  /** Whose votes the newest configuration here asks for; the node itself among them. */
  private Set<NodeId> voters;

  private final long inLog;

  private Recovery(DataDirectory data, Identity identity, LiveTables tables) throws IOException {
    this.data = data;
    this.identity = identity;
    this.tables = tables;
    this.voters = configured();
    this.inLog = lookThroughLog();
  }

  /** Opens the tables and looks; changes nothing but what a start would. */
  public static Recovery open(DataDirectory data, RocksMemory memory) throws IOException {
    Identity identity = data.identity();
    if (identity == null) {
      throw new RefusedException("the data directory is nobody's: there is nothing to recover");
    }
    if (identity.stage() != Identity.Stage.MEMBER
        && identity.stage() != Identity.Stage.RECOVERING) {
      throw new RefusedException(
          identity.node()
              + " is no full member ("
              + identity.stage()
              + "): only a member can carry a cluster on");
    }
    String damage = data.damageReason();
    if (damage != null) {
      throw new DamagedException("what " + identity.node() + " has is damaged: " + damage);
    }
    Checkpoints checkpoints = new Checkpoints(data.meta());
    RaftFiles files = new RaftFiles(RaftGroups.current(data.raft(), identity));
    LiveTables tables = CheckedTables.open(data, files, checkpoints, identity, memory);
    try {
      SnapshotInfo latest = checkpoints.getLatestSnapshot();
      if (latest != null && latest.getIndex() > tables.applied().index()) {
        tables.install(checkpoints.directory(latest.getTermIndex()));
      }
      return new Recovery(data, identity, tables);
    } catch (IOException | RuntimeException e) {
      tables.close();
      throw e;
    }
  }

  /** Whose data directory it is. */
  public Identity identity() {
    return identity;
  }

  /** The other nodes, as far as is known here. */
  public List<ClusterView.Node> lost() {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      return snapshot.cluster().nodes().stream()
          .filter(node -> !node.id().equals(identity.node()))
          .toList();
    }
  }

  /**
   * Nodes that are removed already and whose votes the group still asks for, as the change of
   * voters that follows a removal was never made: without them there is no majority either.
   */
  public List<NodeId> lostVoters() {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      return voters.stream()
          .filter(node -> !node.equals(identity.node()) && snapshot.cluster().node(node) == null)
          .toList();
    }
  }

  /** The last log index that is here. */
  public long lastIndex() {
    return Math.max(inLog, tables.applied().index());
  }

  private long lookThroughLog() throws IOException {
    long[] last = {-1};
    eachEntry(
        entry -> {
          last[0] = Math.max(last[0], entry.getIndex());
          if (entry.hasConfigurationEntry()) {
            voters = voters(entry.getConfigurationEntry());
          }
        });
    return last[0];
  }

  /** What Ratis keeps aside, for a log whose beginning is purged. */
  private Set<NodeId> configured() throws IOException {
    RaftFiles.Voters file = new RaftFiles(RaftGroups.current(data.raft(), identity)).voters();
    return file == null ? Set.of() : voters(file.entry().getConfigurationEntry());
  }

  /** Those of both groups while one takes the place of the other. */
  private static Set<NodeId> voters(RaftConfigurationProto configuration) {
    Set<NodeId> voters = new TreeSet<>(Comparator.comparingLong(NodeId::value));
    for (RaftPeerProto peer : configuration.getPeersList()) {
      voters.add(RatisNode.nodeId(RaftPeerId.valueOf(peer.getId())));
    }
    for (RaftPeerProto peer : configuration.getOldPeersList()) {
      voters.add(RatisNode.nodeId(RaftPeerId.valueOf(peer.getId())));
    }
    return voters;
  }

  /** Takes a block that a file needs. */
  public interface EachBlock {
    void block(ClusterView.Block block) throws IOException;
  }

  /** Goes through all blocks that files need, as of the last entry that is here. */
  public void blocks(EachBlock each) throws IOException {
    try (LocalSnapshot snapshot = tables.snapshot()) {
      List<ClusterView.Block> page = snapshot.cluster().blocksAfter(0, PAGE);
      while (!page.isEmpty()) {
        for (ClusterView.Block block : page) {
          each.block(block);
        }
        page = snapshot.cluster().blocksAfter(page.get(page.size() - 1).id().value(), PAGE);
      }
    }
  }

  /** Does it. May be repeated after a crash; the node can be started afterwards. */
  public void commit() throws IOException {
    data.write(identity.at(identity.clusterEpoch(), Identity.Stage.RECOVERING));
    data.forgetEvidence();
    replay();
    AppliedIndex last = tables.applied();
    TermIndex at = TermIndex.valueOf(last.term() + 1, last.index() + 1);
    LogReply reply = apply(at, new LogEntry.Recover(identity.node()));
    if (reply.status() != LogReply.Status.OK) {
      throw new IOException(identity.node() + " is not in its own tables");
    }
    int epoch;
    try (LocalSnapshot snapshot = tables.snapshot()) {
      epoch = snapshot.cluster().clusterEpoch();
    }
    Checkpoints checkpoints = new Checkpoints(data.meta());
    checkpoints.prepare();
    Path work = checkpoints.workDirectory(at);
    tables.checkpoint(work);
    checkpoints.publish(work, at);
    Identity next = identity.at(epoch, Identity.Stage.RECOVERED);
    RaftGroups.prepare(data.raft(), next, at.getTerm());
    data.write(next);
    RaftGroups.keepOnly(data.raft(), next);
  }

  private void replay() throws IOException {
    long before = tables.applied().index();
    eachEntry(
        entry -> {
          TermIndex at = TermIndex.valueOf(entry);
          long applied = tables.applied().index();
          if (at.getIndex() > applied) {
            if (at.getIndex() > applied + 1) {
              throw new IllegalStateException(
                  "the log goes on at " + at.getIndex() + " but the tables end at " + applied);
            }
            apply(at, entry.hasStateMachineLogEntry() ? decode(entry) : null);
          }
        });
    LOG.info("applied the log from {} to {}", before, tables.applied().index());
  }

  private static @Nullable LogEntry decode(LogEntryProto entry) {
    try {
      return LogCodec.decodeEntry(
          entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
    } catch (MalformedException e) {
      return null; // as every node skips it
    }
  }

  private LogReply apply(TermIndex at, @Nullable LogEntry entry) {
    AppliedIndex index = new AppliedIndex(at.getTerm(), at.getIndex());
    LogReply reply = LogReply.refused(LogReply.Status.REFUSED);
    NodeId self = identity.node();
    try (LocalSnapshot snapshot = tables.snapshot();
        RocksTransaction transaction = tables.with(live -> live.begin())) {
      // Nobody says here what the store holds: each block counts as needed until it was looked at.
      LocalSets effects =
          new LocalSets(
              self,
              snapshot.cluster().placement(),
              transaction,
              at.getIndex(),
              new ReplicaListener() {});
      if (entry != null) {
        reply = engine.apply(entry, at.getIndex(), transaction, effects);
      }
      transaction.commit(index);
    }
    return reply;
  }

  private interface EachEntry {
    void entry(LogEntryProto entry);
  }

  private void eachEntry(EachEntry each) throws IOException {
    for (LogFiles.Segment segment : LogFiles.list(RaftGroups.current(data.raft(), identity))) {
      LogSegment.readSegmentFile(
          segment.file().toFile(),
          LogSegmentPath.matchLogSegment(segment.file()).getStartEnd(),
          ENTRY_MAX,
          CorruptionPolicy.EXCEPTION,
          null,
          each::entry);
    }
  }

  @Override
  public void close() {
    tables.close();
  }
}
