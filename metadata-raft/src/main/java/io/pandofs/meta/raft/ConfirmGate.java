package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.meta.Changes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/**
 * Lets this node confirm what it has applied once its mounts keep nothing older (PROTOCOL rule 2),
 * in the order of the log. Thread-safe; waits for nothing.
 */
final class ConfirmGate {
  private final Freshness freshness;
  private final KeptByMounts kept;

  @GuardedBy("this")
  private final Deque<Applied> applied = new ArrayDeque<>();

  /** What may be confirmed when it is clean and all before it has been. */
  private record Applied(CompletableFuture<Void> clean, Runnable confirm) {}

  ConfirmGate(Freshness freshness, KeptByMounts kept) {
    this.freshness = freshness;
    this.kept = kept;
  }

  /** See {@link ApplyListener#applied}; called in the order of the log. */
  void applied(long index, boolean isPublic, Changes changes) {
    if (isPublic) {
      pass(kept.changed(changes), () -> freshness.applied(index, true));
    } else {
      // Nothing is kept of what a session has a lease of.
      pass(CompletableFuture.completedFuture(null), () -> freshness.applied(index, false));
    }
  }

  /** The tables are others, and hold everything up to this index. */
  void replaced(long index) {
    long asOf = freshness.giveUps();
    pass(kept.drop(), () -> freshness.regain(index, asOf));
  }

  private void pass(CompletableFuture<Void> clean, Runnable confirm) {
    synchronized (this) {
      applied.add(new Applied(clean, confirm));
    }
    if (clean.isDone()) {
      confirmClean();
    } else {
      CompletableFuture<Void> unused = clean.thenRun(this::confirmClean);
    }
  }

  private void confirmClean() {
    while (true) {
      Applied next;
      synchronized (this) {
        next = applied.peek();
        if (next == null || !next.clean.isDone()) {
          return;
        }
        applied.remove();
      }
      next.confirm.run();
    }
  }
}
