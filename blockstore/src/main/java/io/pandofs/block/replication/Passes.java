package io.pandofs.block.replication;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one piece of work again and again when woken, never twice at a time; a wake during a run
 * causes one more. Thread-safe. A run that throws is logged and repeated later.
 */
final class Passes {
  private static final Logger LOG = LoggerFactory.getLogger(Passes.class);
  private static final long AFTER_FAULT_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The work; it may wait. */
  interface Work {
    /** Returns after how many nanoseconds it wants to run again, negative for not by itself. */
    long run() throws Exception;
  }

  private final String name;
  private final Executor executor;
  private final ScheduledExecutorService scheduler;
  private final Work work;
  private final AtomicInteger wakes = new AtomicInteger();
  private volatile boolean closed;
  private @Nullable ScheduledFuture<?> timer;

  Passes(String name, Executor executor, ScheduledExecutorService scheduler, Work work) {
    this.name = name;
    this.executor = executor;
    this.scheduler = scheduler;
    this.work = work;
  }

  void wake() {
    if (!closed && wakes.getAndIncrement() == 0) {
      try {
        executor.execute(this::runAll);
      } catch (RejectedExecutionException e) {
        LOG.debug("{} ends: its threads have", name);
      }
    }
  }

  private void runAll() {
    int seen;
    do {
      seen = wakes.get();
      if (!closed) {
        runOnce();
      }
    } while (wakes.addAndGet(-seen) != 0);
  }

  private void runOnce() {
    long again;
    try {
      again = work.run();
    } catch (Exception | Error e) {
      // An error too: a pass that is not repeated would leave repair or deletion dead for good.
      if (closed) {
        return;
      }
      LOG.warn("{} is interrupted by a fault and goes on later", name, e);
      again = AFTER_FAULT_NANOS;
    }
    if (again >= 0) {
      wakeAfter(again);
    }
  }

  private synchronized void wakeAfter(long nanos) {
    if (timer != null) {
      timer.cancel(false);
    }
    try {
      timer = scheduler.schedule(this::wake, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("{} ends: its scheduler has", name);
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** No run begins after this. */
  void close() {
    closed = true;
    synchronized (this) {
      if (timer != null) {
        timer.cancel(false);
      }
    }
  }
}
