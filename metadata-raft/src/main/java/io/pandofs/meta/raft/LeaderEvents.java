package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.CompletableFuture;

/** Tells who waits that a leader was elected, or is ready. Thread-safe. */
final class LeaderEvents {
  @GuardedBy("this")
  private CompletableFuture<Void> next = new CompletableFuture<>();

  /** Completes at the next event after this call. Dependents must not block. */
  synchronized CompletableFuture<Void> next() {
    return next;
  }

  void changed() {
    CompletableFuture<Void> now;
    synchronized (this) {
      now = next;
      next = new CompletableFuture<>();
    }
    now.complete(null);
  }
}
