package io.pandofs.tools.node;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.config.QuorumLoss;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.mount.fuse.MountOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a mount is as far as its majority and its session go. Thread-safe. */
final class MountPolicy {
  private final QuorumLoss policy;
  private final MetadataReplica replica;
  private volatile @Nullable MetadataSession session;

  MountPolicy(QuorumLoss policy, MetadataReplica replica) {
    this.policy = policy;
    this.replica = replica;
  }

  /** The mount goes on with this session. */
  MetadataSession watch(MetadataSession fresh) {
    session = fresh;
    return fresh;
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
    MetadataSession present = session;
    return present != null && present.expired().isDone() ? "expired" : MountOptions.OK;
  }

  /** What that means, for a person; empty when nothing is wrong. */
  String sentence() {
    return switch (word()) {
      case "waiting" ->
          "no majority: calls wait for it, for " + policy.patience().toSeconds() + " s";
      case "no-quorum" -> "no majority: calls are answered EIO";
      case "read-only" -> "no majority: the mount is read-only and shows an old state";
      case "expired" -> "the mount's session is over; the next call registers a new one";
      default -> "";
    };
  }

  private Duration lostFor() {
    try {
      return replica.quorumLostFor();
    } catch (ErrnoException e) {
      return Duration.ZERO; // stopping
    }
  }
}
