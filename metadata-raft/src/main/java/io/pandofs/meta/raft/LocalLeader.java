package io.pandofs.meta.raft;

import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.util.concurrent.CompletableFuture;

/** This node as the leader; says that it is none when it is none. */
final class LocalLeader implements LeaderCalls {
  private final RatisNode ratis;
  private final LeaderDuties duties;
  private final AppliedGate applied;

  LocalLeader(RatisNode ratis, LeaderDuties duties, AppliedGate applied) {
    this.ratis = ratis;
    this.duties = duties;
    this.applied = applied;
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    return ratis.propose(entry);
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    return ratis.linearize().thenApply(none -> applied.get());
  }

  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    return duties.renew(request);
  }
}
