package io.pandofs.tools.node;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.meta.MetadataSession;
import io.pandofs.mount.fuse.MountOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How a mount is as far as its majority and its session go. Thread-safe. */
final class MountPolicy {
  /** Knows for how long the majority has been gone; zero while it is not known to be. */
  interface Majority {
    Duration lostFor() throws ErrnoException;
  }

  private final QuorumLoss policy;
  private final Majority majority;
  private volatile @Nullable CompletableFuture<Void> sessionsEnd;

  MountPolicy(QuorumLoss policy, Majority majority) {
    this.policy = policy;
    this.majority = majority;
  }

  /** The mount goes on with this session. */
  MetadataSession watch(MetadataSession fresh) {
    sessionEndsWith(fresh.expired());
    return fresh;
  }

  void sessionEndsWith(CompletableFuture<Void> end) {
    sessionsEnd = end;
  }

  /**
   * {@code ok}; without a majority {@code waiting} (calls wait for it), {@code no-quorum} (calls
   * are answered EIO) or {@code read-only}; {@code expired}: the session is over and the next call
   * registers a new one.
   */
  String word() {
    Duration lost = lostFor();
    if (!lost.isZero()) {
      return switch (policy.mode()) {
        case WAIT -> lost.compareTo(policy.patience()) < 0 ? "waiting" : "no-quorum";
        case ERROR -> "no-quorum";
        case READ_ONLY -> "read-only";
      };
    }
    CompletableFuture<Void> end = sessionsEnd;
    return end != null && end.isDone() ? MountOptions.EXPIRED : MountOptions.OK;
  }

  /** What that means, for a person; empty when nothing is wrong. */
  String sentence() {
    return switch (word()) {
      case "waiting" ->
          "no majority: calls wait for it, for " + policy.patience().toSeconds() + " s";
      case "no-quorum" -> "no majority: calls are answered EIO";
      case "read-only" -> "no majority: the mount is read-only and shows an old state";
      case MountOptions.EXPIRED -> "the mount's session is over; the next call registers a new one";
      default -> "";
    };
  }

  private Duration lostFor() {
    try {
      return majority.lostFor();
    } catch (ErrnoException e) {
      return Duration.ZERO; // stopping
    }
  }
}
