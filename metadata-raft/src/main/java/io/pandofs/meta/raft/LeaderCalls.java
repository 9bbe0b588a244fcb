package io.pandofs.meta.raft;

import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.util.concurrent.CompletableFuture;

/**
 * What only the leader can do, wherever it is. Calls do not block; futures fail with an {@code
 * IOException}: {@link NoLeaderException} when it was surely not done, another one when it may have
 * been. Thread-safe.
 */
interface LeaderCalls {
  /**
   * Proposes an encoded entry; the answer comes once it is released: whoever may answer reads shows
   * it, but for what the proposer's leases cover, see {@link Releases}. Calls of one thread reach
   * one leader's log in their order.
   */
  CompletableFuture<LogReply> propose(byte[] entry);

  /** A log index at or above everything acknowledged before the call. */
  CompletableFuture<Long> readIndex();

  CompletableFuture<RenewAnswer> renew(RenewRequest request);

  /** Says how far this node has applied the log, and asks for a freshness lease. */
  CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request);
}
