package io.pandofs.meta.raft;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A replica's own threads; all are daemons and end with it. */
final class Threads implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Threads.class);
  private static final int ANSWERERS = 2;
  private static final long STOP_MILLIS = 5_000;

  /** Proposals of other nodes, in order. */
  final ExecutorService inOrder;

  /** Work on answers; callers' futures complete here. */
  final ExecutorService answers;

  /** Renewals, expiry, membership: short work that reads tables. */
  final ScheduledThreadPoolExecutor duties;

  /** Renewals of other nodes' sessions: not behind proposals, which wait for a slow disk. */
  final ExecutorService renewals;

  /**
   * Standing for election and handing over, which wait for Ratis' lock: that is held while files
   * are checked.
   */
  final ExecutorService elections;

  /** Work of a second or so, synced files among it. */
  final ExecutorService background;

  /** Reading all of the tables, which may take minutes. */
  final ExecutorService reading;

  private final String name;

  Threads(String name) {
    this.name = name;
    inOrder = Executors.newSingleThreadExecutor(factory(name + "-order"));
    answers = Executors.newFixedThreadPool(ANSWERERS, factory(name + "-answer"));
    duties = new ScheduledThreadPoolExecutor(1, factory(name + "-duties"));
    duties.setRemoveOnCancelPolicy(true);
    renewals = Executors.newSingleThreadExecutor(factory(name + "-renewals"));
    elections = Executors.newSingleThreadExecutor(factory(name + "-elections"));
    background = Executors.newSingleThreadExecutor(factory(name + "-background"));
    reading = Executors.newSingleThreadExecutor(factory(name + "-reading"));
  }

  /** Does one of the {@link #duties} from now on, with so long a pause each time. */
  void every(long millis, Runnable task) {
    Future<?> unused =
        duties.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                // It must go on; what it needs comes back or the replica fails elsewhere.
                LOG.warn("{}: {}", name, e.toString());
              }
            },
            millis,
            millis,
            TimeUnit.MILLISECONDS);
  }

  private List<ExecutorService> all() {
    return List.of(duties, inOrder, answers, renewals, elections, background, reading);
  }

  private static ThreadFactory factory(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  @Override
  public void close() {
    all().forEach(ExecutorService::shutdown);
    try {
      for (ExecutorService one : all()) {
        if (!one.awaitTermination(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
          one.shutdownNow();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
