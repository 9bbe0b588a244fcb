package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Reply;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of one kind that the log granted to a session, handed out one by one. More are asked for
 * when half are gone, so that callers seldom wait. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // each chain ends in a handler of success and failure
final class NumberRange {
  private final int size;
  private final Supplier<CompletableFuture<Reply>> grant;

  @GuardedBy("this")
  private final Deque<Span> spans = new ArrayDeque<>();

  @GuardedBy("this")
  private long left;

  @GuardedBy("this")
  private @Nullable CompletableFuture<Reply> asked;

  /**
   * @param size how many numbers one grant has
   * @param grant asks for the next
   */
  NumberRange(int size, Supplier<CompletableFuture<Reply>> grant) {
    this.size = size;
    this.grant = grant;
  }

  private static final class Span {
    long next;
    final long end;

    Span(long next, long end) {
      this.next = next;
      this.end = end;
    }
  }

  /**
   * The next number; waits for a grant when there is none. The wait is nobody's to give up: data of
   * others may be on its way by the same call.
   */
  long next() throws ErrnoException {
    while (true) {
      CompletableFuture<Reply> pending;
      synchronized (this) {
        CompletableFuture<Reply> asking = asked;
        if (left <= size / 2 && asking == null) {
          asking = ask();
        }
        Span span = spans.peek();
        if (span != null) {
          long number = span.next++;
          left--;
          if (span.next == span.end) {
            spans.remove();
          }
          return number;
        }
        pending = asking;
      }
      Reply reply = pending == null ? Reply.OK : pending.join();
      if (!reply.errno().isOk()) {
        Errno errno = reply.errno() == Errno.EROFS ? Errno.EROFS : Errno.EIO;
        throw new ErrnoException(errno, "no numbers were granted: " + reply.errno());
      }
    }
  }

  /** Asks for more; the answer may be there at once, a refusal above all. */
  @GuardedBy("this")
  private CompletableFuture<Reply> ask() {
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    asked = answer;
    grant
        .get()
        .thenAccept(
            reply -> {
              synchronized (this) {
                if (reply.errno().isOk()) {
                  spans.add(new Span(reply.number(), reply.number() + size));
                  left += size;
                }
                asked = null;
              }
              answer.complete(reply);
            });
    return answer;
  }
}
