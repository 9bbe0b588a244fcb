package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Whether a majority has lately confirmed that this node leads. A leader that is cut off hears from
 * no session; what it would expire then is somebody else's to judge (PROTOCOL rule 20: no quorum,
 * no expiry). Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the chain ends in a handler of success and failure
final class QuorumProof {
  private final Clock clock;
  private final long freshNanos;
  private final Supplier<CompletableFuture<Void>> question;
  private final Runnable onRegained;

  @GuardedBy("this")
  private long provenNanos;

  @GuardedBy("this")
  private boolean asking;

  /**
   * @param freshNanos how long a confirmation counts, from when it was asked for
   * @param question completes once a majority has confirmed, after the question, that this node
   *     leads
   * @param onRegained called before the first confirmation counts after there was none for so long
   */
  QuorumProof(
      Clock clock,
      long freshNanos,
      Supplier<CompletableFuture<Void>> question,
      Runnable onRegained) {
    this.clock = clock;
    this.freshNanos = freshNanos;
    this.question = question;
    this.onRegained = onRegained;
    this.provenNanos = clock.nanoTime() - freshNanos - 1;
  }

  /** Asks, unless a question is under way. */
  void ask() {
    long asked = clock.nanoTime();
    synchronized (this) {
      if (asking) {
        return;
      }
      asking = true;
    }
    question.get().whenComplete((none, failure) -> answered(asked, failure == null));
  }

  private synchronized void answered(long asked, boolean confirmed) {
    asking = false;
    if (confirmed) {
      if (asked - provenNanos > freshNanos) {
        onRegained.run();
      }
      provenNanos = asked;
    }
  }

  synchronized boolean isFresh() {
    return clock.nanoTime() - provenNanos <= freshNanos;
  }
}
