package io.pandofs.meta.raft;

import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.util.concurrent.CompletableFuture;

/** This node as the leader; says that it is none when it is none. */
final class LocalLeader implements LeaderCalls {
  private final LeaderFreshness freshness;
  private final LeaderDuties duties;

  LocalLeader(LeaderFreshness freshness, LeaderDuties duties) {
    this.freshness = freshness;
    this.duties = duties;
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    return freshness.propose(entry);
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    return freshness.readIndex();
  }

  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    return duties.renew(request);
  }

  @Override
  public CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    return freshness.confirm(request);
  }
}
