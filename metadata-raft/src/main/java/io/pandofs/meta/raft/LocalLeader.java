package io.pandofs.meta.raft;

import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** This node as the leader; says that it is none when it is none. */
final class LocalLeader implements LeaderCalls {
  private final LeaderFreshness freshness;
  private final LeaderDuties duties;
  private final Executor executor;

  /**
   * @param executor for work that reads tables
   */
  LocalLeader(LeaderFreshness freshness, LeaderDuties duties, Executor executor) {
    this.freshness = freshness;
    this.duties = duties;
    this.executor = executor;
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    return freshness.propose(entry);
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    return freshness.readIndex();
  }

  /**
   * Only on the strength of a proof that no later leader was elected a lease ago or earlier: that
   * one's timers for this session start later then than this one's, and it ends it after the
   * deadline that the holder counts. One that is cut off may think for seconds that it leads.
   */
  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    return freshness.readIndex().thenComposeAsync(proven -> duties.renew(request), executor);
  }

  @Override
  public CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    return freshness.confirm(request);
  }
}
