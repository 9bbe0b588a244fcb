package io.pandofs.block.net;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that answers to reads may hold at a time. A read that finds no room waits its turn, without
 * a thread; what waits is bounded by the requests that the frame server takes on. Thread-safe.
 */
final class ReadBudget {
  private record Waiter(long bytes, Runnable start) {}

  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private long free;

  ReadBudget(long bytes) {
    free = bytes;
  }

  /** Runs {@code start} once the bytes are taken, now or later, on this or a releasing thread. */
  void take(long bytes, Runnable start) {
    synchronized (this) {
      if (bytes > free || !waiting.isEmpty()) {
        waiting.add(new Waiter(bytes, start));
        return;
      }
      free -= bytes;
    }
    start.run();
  }

  void giveBack(long bytes) {
    synchronized (this) {
      free += bytes;
    }
    for (Runnable next = next(); next != null; next = next()) {
      next.run();
    }
  }

  private synchronized @Nullable Runnable next() {
    Waiter first = waiting.peek();
    if (first == null || first.bytes() > free) {
      return null;
    }
    waiting.remove();
    free -= first.bytes();
    return first.start();
  }
}
