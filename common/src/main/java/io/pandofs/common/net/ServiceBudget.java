package io.pandofs.common.net;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** The bytes of requests that a server has in service, over all its connections. Thread-safe. */
final class ServiceBudget {
  private final long bytesMax;
  private final AtomicLong bytes = new AtomicLong();
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  ServiceBudget(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  void take(long count) {
    bytes.addAndGet(count);
  }

  boolean isOver() {
    return bytes.get() > bytesMax;
  }

  /** Calls back, once, when the budget may hold again; at once if it does already. */
  void onRoom(Runnable resume) {
    waiting.add(resume);
    if (!isOver()) {
      wake();
    }
  }

  void giveBack(long count) {
    if (bytes.addAndGet(-count) <= bytesMax) {
      wake();
    }
  }

  private void wake() {
    // As many as wait now: one that finds the budget taken again waits anew.
    for (int left = waiting.size(); left > 0; left--) {
      Runnable resume = waiting.poll();
      if (resume == null) {
        return;
      }
      resume.run();
    }
  }
}
