package io.pandofs.meta.raft;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/** Tells who waits that a leader was elected, or is ready. Thread-safe. */
final class LeaderEvents {
  private final AtomicReference<CompletableFuture<Void>> next =
      new AtomicReference<>(new CompletableFuture<>());

  /** Completes at the next event after this call. Dependents must not block. */
  CompletableFuture<Void> next() {
    return next.get();
  }

  void changed() {
    next.getAndSet(new CompletableFuture<>()).complete(null);
  }
}
