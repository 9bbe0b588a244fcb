package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a leader knows of one process of a node that may hold a lease of freshness; times are by its
 * own count. Guarded by the {@link Releases} that has it.
 */
final class FreshnessHolder {
  final NodeId node;
  final ConfirmPace pace;

  /** The highest number of its questions. */
  long lastNumber;

  /** How far it has applied the log. */
  long confirmed = -1;

  long leaseEnd;

  /** That of the last answer. */
  long token;

  /** When it last asked. */
  long seen;

  boolean wants;
  @Nullable Held held;

  /** A question whose answer waits for a release. */
  record Held(ConfirmRequest request, CompletableFuture<ConfirmAnswer> answer) {}

  FreshnessHolder(NodeId node, ConfirmPace pace) {
    this.node = node;
    this.pace = pace;
  }

  /** Whether it has readers, as it has said lately. */
  boolean isPresent(long now, long leaseNanos) {
    return wants && now - seen < leaseNanos;
  }
}
