package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.mount.vfs.LockOperations.Asked;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that serve a mount. Whoever reads a request serves it. When the last one that reads
 * takes a request, another begins to read: one that rests, or a new one while there are fewer than
 * {@link #WORKERS_MAX}. When more than enough read, one that is done rests, or ends when more than
 * enough rest. So a request that waits keeps no other waiting, unless all workers wait; then
 * requests stay with the kernel.
 *
 * <p>A worker that fails, other than in serving, takes the mount with it: what it has read is not
 * answered, and a mount that lives on with fewer and fewer workers helps nobody.
 *
 * <p>Thread-safe. The monitor guards who rests and is not taken while all goes smoothly.
 */
final class Workers {

  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  /** Each may have 2 MiB in use, which are given back when the mount is idle but for a few. */
  static final int WORKERS_MAX = 64;

  private static final int READERS_LEAST = 2;
  static final int READERS_MAX = 8;

  /** More than so many do not rest, but end and give their memory back. */
  static final int RESTING_MAX = 8;

  /** So many interrupts are kept that came before their requests; older ones are forgotten. */
  private static final int EARLY_MAX = 64;

  private final Dispatcher dispatcher;
  private final Device first;
  private final String name;
  private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final List<Worker> workers = new CopyOnWriteArrayList<>();
  private final int readersEnough;

  /** Workers that read, or are about to. */
  private final AtomicInteger reading = new AtomicInteger();

  /**
   * Requests that were interrupted and are not known. A clone's reader may take a request and not
   * have begun it when another one takes the interrupt, and the kernel says that again only to who
   * has read the request. Numbers grow, so the lowest are the oldest.
   */
  private final ConcurrentSkipListSet<Long> early = new ConcurrentSkipListSet<>();

  /** What is answered later, by its request's number. */
  private final ConcurrentHashMap<Long, Asked> later = new ConcurrentHashMap<>();

  private final Semaphore wake = new Semaphore(0);

  @GuardedBy("this")
  private int resting;

  @GuardedBy("this")
  private int alive;

  @GuardedBy("this")
  private int started;

  /** Written under the lock. */
  private volatile boolean over;

  @GuardedBy("this")
  private boolean clones = true;

  /**
   * @param first the descriptor that the mount was made with, owned from now on
   */
  Workers(Dispatcher dispatcher, Device first, String name) {
    this.dispatcher = dispatcher;
    this.first = first;
    this.name = name;
    int processors = Runtime.getRuntime().availableProcessors();
    this.readersEnough = Math.max(READERS_LEAST, Math.min(processors, READERS_MAX));
  }

  /** Completes when the kernel has ended the mount and the last request is served. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Completes with why when a worker has failed, before {@link #ended}; never fails itself. */
  CompletableFuture<Throwable> failed() {
    return failed;
  }

  /** Begins to serve. */
  synchronized void start() {
    add(first);
  }

  @GuardedBy("this")
  private void add(Device device) {
    Worker worker = new Worker(this, dispatcher, device, name + "-" + started);
    started++;
    alive++;
    reading.incrementAndGet();
    workers.add(worker);
    try {
      worker.start();
    } catch (OutOfMemoryError e) {
      alive--;
      reading.decrementAndGet();
      workers.remove(worker);
      throw e;
    }
  }

  /** A worker has taken a request: if nobody reads any more, another is to. */
  void taken() {
    if (reading.decrementAndGet() == 0) {
      replace();
    }
  }

  private synchronized void replace() {
    if (over || reading.get() > 0) {
      return;
    }
    if (resting > 0) {
      resting--;
      reading.incrementAndGet();
      wake.release();
    } else if (workers.size() < WORKERS_MAX) {
      grow();
    }
  }

  /** What cannot be had now is asked for again with the next request. */
  @GuardedBy("this")
  private void grow() {
    Device device = another();
    try {
      add(device);
    } catch (OutOfMemoryError e) {
      LOG.warn("requests wait for one of {} workers: {}", workers.size(), e.getMessage());
      if (device != first) {
        device.close();
      }
    }
  }

  /** A descriptor of its own for a worker, or the first one, which several can share. */
  @GuardedBy("this")
  private Device another() {
    if (!clones) {
      return first;
    }
    try {
      return first.cloned();
    } catch (IOException e) {
      LOG.info("all workers share one descriptor: {}", e.getMessage());
      clones = false;
      return first;
    }
  }

  /** A worker is done: true if it is to read again, perhaps after a rest; false at the end. */
  boolean readsOn() {
    int readers = reading.get();
    while (readers < readersEnough && !over) {
      if (reading.compareAndSet(readers, readers + 1)) {
        return true;
      }
      readers = reading.get();
    }
    return rest();
  }

  private boolean rest() {
    synchronized (this) {
      if (over) {
        return false;
      }
      if (reading.get() < readersEnough) {
        reading.incrementAndGet();
        return true;
      }
      if (resting == RESTING_MAX) {
        return false;
      }
      resting++;
    }
    wake.acquireUninterruptibly();
    synchronized (this) {
      return !over;
    }
  }

  /** The mount has ended: nobody rests any longer, or reads when it is done. */
  void end() {
    boolean first;
    synchronized (this) {
      first = !over;
      over = true;
      wake.release(resting);
      resting = 0;
    }
    if (first) {
      later.values().forEach(Asked::giveUp);
    }
  }

  /**
   * A worker cannot go on. Nobody reads again who has read; when the last one has ended, no
   * descriptor is open and the kernel ends the mount, if nobody has told it to before.
   */
  void fail(Throwable e) {
    LOG.error("the mount's connection to the kernel fails, and the mount ends", e);
    end();
    failed.complete(e);
  }

  /** A worker has ended: because the mount has, or because there are enough. */
  void ended(Worker worker) {
    boolean last;
    synchronized (this) {
      workers.remove(worker);
      alive--;
      last = alive == 0;
      if (worker.device() != first) {
        worker.device().close();
      }
    }
    if (last) {
      first.close();
      ended.complete(null);
    }
  }

  /**
   * A signal came to who made a request. Only who is being killed is let go, or who waits for a
   * lock. Who handles a signal and goes on would see EINTR from calls that never give it on a local
   * filesystem.
   *
   * @return false if the request is not known here, perhaps not yet
   */
  boolean interrupt(long request) {
    // First, so that either this finds the worker, or the worker finds this.
    early.add(request);
    while (early.size() > EARLY_MAX) {
      early.pollFirst();
    }
    for (Worker worker : workers) {
      int caller = worker.interrupted(request);
      if (caller != Worker.UNKNOWN) {
        early.remove(request);
        giveUpIfKilled(worker, request, caller);
        giveUpLater(request);
        return true;
      }
    }
    if (giveUpLater(request)) {
      early.remove(request);
      return true;
    }
    return false;
  }

  private boolean giveUpLater(long request) {
    Asked asked = later.get(request);
    if (asked != null) {
      asked.giveUp();
    }
    return asked != null;
  }

  /** A request is answered when a lock is there, on the descriptor that it was read from. */
  void later(Device device, long request, Asked asked) {
    device.share();
    later.put(request, asked);
    var unused =
        asked
            .done()
            .whenComplete(
                (done, failure) -> {
                  later.remove(request);
                  try {
                    answer(device, request, failure);
                  } catch (IOException | OutOfMemoryError e) {
                    fail(e); // who waits would wait for ever
                  } finally {
                    device.close();
                  }
                });
    if (over || (!early.isEmpty() && early.remove(request))) {
      asked.giveUp();
    }
  }

  private static void answer(Device device, long request, @Nullable Throwable failure)
      throws IOException {
    int errno = failure == null ? 0 : -LockRequests.errno(failure).errno().number();
    try (NativeBytes bytes = new NativeBytes(Protocol.OutHeader.BYTES)) {
      Reply out = new Reply(bytes.buffer());
      out.clear();
      device.write(bytes, out.finish(request, errno));
    }
  }

  /** A worker has begun a request, and says so when it is asked. */
  void begun(Worker worker, long request, int caller) {
    if (!early.isEmpty() && early.remove(request)) {
      int unused = worker.interrupted(request);
      giveUpIfKilled(worker, request, caller);
    }
  }

  private static void giveUpIfKilled(Worker worker, long request, int caller) {
    if (Signals.isBeingKilled(caller)) {
      worker.giveUp(request);
    }
  }
}
