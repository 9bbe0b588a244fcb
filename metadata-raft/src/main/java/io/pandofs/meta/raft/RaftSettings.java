package io.pandofs.meta.raft;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * How Ratis is set up. What is set here was measured, or answers a trap; everything else is Ratis'
 * default.
 */
final class RaftSettings {
  /** The largest entry that is proposed. */
  static final int ENTRY_BYTES_MAX = 3 << 20;

  private static final int QUEUE_ENTRIES = 4096;
  private static final SizeInBytes APPEND_BYTES = SizeInBytes.valueOf("4MB");

  private RaftSettings() {}

  static RaftProperties of(ReplicaConfig config, Path raftDir) {
    RaftProperties p = new RaftProperties();
    RaftServerConfigKeys.setStorageDir(p, List.of(raftDir.toFile()));
    GrpcConfigKeys.Server.setHost(p, config.raftListen().getHostString());
    GrpcConfigKeys.Server.setPort(p, config.raftListen().getPort());
    time(p, config.timing());
    log(p, config.limits());
    budget(p);
    return p;
  }

  private static void time(RaftProperties p, RaftTiming timing) {
    RaftServerConfigKeys.Rpc.setTimeoutMin(p, of(timing.electionMin()));
    RaftServerConfigKeys.Rpc.setTimeoutMax(p, of(timing.electionMax()));
    RaftServerConfigKeys.Rpc.setRequestTimeout(p, of(Duration.ofSeconds(1)));
    RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(p, of(Duration.ofSeconds(1)));
    // A node that was stopped and goes on must not close its Raft server for good.
    RaftServerConfigKeys.setCloseThreshold(p, of(Duration.ofDays(365)));
    RaftServerConfigKeys.setStagingTimeout(p, of(Duration.ofSeconds(20)));
    // The default waits up to five seconds before it tries a peer that was away again.
    RaftServerConfigKeys.Log.Appender.setRetryPolicy(p, "1ms,10,100ms,1000000");
    RaftServerConfigKeys.Log.Appender.setWaitTimeMin(p, of(Duration.ofMillis(1)));
    // Batches are deduplicated by the engine, durably; Ratis' cache only takes memory.
    RaftServerConfigKeys.RetryCache.setExpiryTime(p, of(Duration.ofSeconds(1)));
  }

  private static void log(RaftProperties p, LogLimits limits) {
    RaftServerConfigKeys.Log.setLogMetadataEnabled(p, false);
    RaftServerConfigKeys.Log.setForceSyncNum(p, 128);
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(p, true);
    RaftServerConfigKeys.Log.setPurgePreservationLogNum(p, limits.entriesKept());
    // Entries may be megabytes: what a checkpoint made superfluous goes at once.
    RaftServerConfigKeys.Log.setPurgeGap(p, 1);
    RaftServerConfigKeys.Log.setSegmentSizeMax(p, SizeInBytes.valueOf(limits.segmentBytes()));
    RaftServerConfigKeys.Log.setPreallocatedSize(
        p, SizeInBytes.valueOf(Math.min(limits.segmentBytes(), 4 << 20)));
    RaftServerConfigKeys.Log.setCorruptionPolicy(
        p, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
    // Checkpoints are asked for by size, number and time; see Upkeep.
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(p, false);
    RaftServerConfigKeys.Snapshot.setRetentionFileNum(p, limits.checkpointsKept());
    RaftServerConfigKeys.Snapshot.setCreationGap(p, 1);
    RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(p, SizeInBytes.valueOf("2MB"));
  }

  private static void budget(RaftProperties p) {
    RaftServerConfigKeys.Log.setSegmentCacheNumMax(p, 2);
    RaftServerConfigKeys.Log.setSegmentCacheSizeMax(p, SizeInBytes.valueOf("32MB"));
    RaftServerConfigKeys.Log.setQueueByteLimit(p, SizeInBytes.valueOf("32MB"));
    RaftServerConfigKeys.Log.setQueueElementLimit(p, QUEUE_ENTRIES);
    RaftServerConfigKeys.Log.setWriteBufferSize(p, SizeInBytes.valueOf("5MB"));
    // Half of what may wait for the disk. At these limits Ratis refuses a proposal, which is made
    // again; at those of the queue it waits for the disk under the server's lock, and while a disk
    // hangs nobody could take the leadership from this node (LogStall).
    RaftServerConfigKeys.Write.setByteLimit(p, SizeInBytes.valueOf("16MB"));
    RaftServerConfigKeys.Write.setElementLimit(p, QUEUE_ENTRIES / 2);
    RaftServerConfigKeys.Log.Appender.setBufferByteLimit(p, APPEND_BYTES);
    GrpcConfigKeys.setMessageSizeMax(p, SizeInBytes.valueOf("6MB"));
    GrpcConfigKeys.setFlowControlWindow(p, SizeInBytes.valueOf("4MB"));
  }

  private static TimeDuration of(Duration duration) {
    return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
  }
}
