package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers share a question for the read index: a caller never gets the answer to a question
 * that was asked before it came (that answer may be older than what it has seen complete).
 * Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class ReadBarrier {
  private final Supplier<CompletableFuture<Long>> question;

  @GuardedBy("this")
  private boolean asking;

  @GuardedBy("this")
  private @Nullable CompletableFuture<Long> next;

  ReadBarrier(Supplier<CompletableFuture<Long>> question) {
    this.question = question;
  }

  /** The answer to a question that is asked after this call began. */
  CompletableFuture<Long> readIndex() {
    synchronized (this) {
      if (asking) {
        if (next == null) {
          next = new CompletableFuture<>();
        }
        return next;
      }
      asking = true;
    }
    return ask();
  }

  private CompletableFuture<Long> ask() {
    CompletableFuture<Long> answer;
    try {
      answer = question.get();
    } catch (RuntimeException e) {
      // Thrown at who asks, it would leave this barrier asking for ever.
      answer = CompletableFuture.failedFuture(e);
    }
    answer.whenComplete((index, failure) -> asked());
    return answer;
  }

  private void asked() {
    CompletableFuture<Long> waiting;
    synchronized (this) {
      waiting = next;
      next = null;
      if (waiting == null) {
        asking = false;
        return;
      }
    }
    ask()
        .whenComplete(
            (index, failure) -> {
              if (failure == null) {
                waiting.complete(index);
              } else {
                waiting.completeExceptionally(Retry.cause(failure));
              }
            });
  }
}
