package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.mount.fuse.direct.Protocol.Interrupt;
import io.pandofs.mount.vfs.Vfs;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that serve a mount. Whoever reads a request serves it. When the last one that reads
 * takes a request, another begins to read: one that rests, or a new one while there are fewer than
 * {@link #WORKERS_MAX}. When more than enough read, one that is done rests. So a request that waits
 * keeps no other waiting, unless all workers wait; then requests stay with the kernel.
 *
 * <p>Thread-safe. The monitor guards who rests and is not taken while all goes smoothly.
 */
final class Workers implements Interrupts {

  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  /** Each may have 2 MiB in use. */
  static final int WORKERS_MAX = 64;

  private static final int READERS_LEAST = 2;
  private static final int READERS_MAX = 8;

  private final Dispatcher dispatcher;
  private final Vfs vfs;
  private final Device first;
  private final String name;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final List<Worker> workers = new CopyOnWriteArrayList<>();
  private final int readersEnough;

  /** Workers that read, or are about to. */
  private final AtomicInteger reading = new AtomicInteger();

  private final Semaphore wake = new Semaphore(0);

  @GuardedBy("this")
  private int resting;

  @GuardedBy("this")
  private int alive;

  @GuardedBy("this")
  private boolean over;

  @GuardedBy("this")
  private boolean clones = true;

  /**
   * @param first the descriptor that the mount was made with, owned from now on
   */
  Workers(Dispatcher dispatcher, Vfs vfs, Device first, String name) {
    this.dispatcher = dispatcher;
    this.vfs = vfs;
    this.first = first;
    this.name = name;
    int processors = Runtime.getRuntime().availableProcessors();
    this.readersEnough = Math.max(READERS_LEAST, Math.min(processors, READERS_MAX));
  }

  /** Completes when the kernel has ended the mount and the last request is served. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Begins to serve. */
  synchronized void start() {
    add(first);
  }

  @GuardedBy("this")
  private void add(Device device) {
    Worker worker = new Worker(this, dispatcher, vfs, device, name + "-" + workers.size());
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
    while (readers < readersEnough) {
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
      resting++;
    }
    wake.acquireUninterruptibly();
    synchronized (this) {
      return !over;
    }
  }

  /** A worker has ended, as the mount has: nobody rests any longer. */
  void ended(Device device) {
    boolean last;
    synchronized (this) {
      over = true;
      wake.release(resting);
      resting = 0;
      alive--;
      last = alive == 0;
      if (device != first) {
        device.close();
      }
    }
    if (last) {
      first.close();
      ended.complete(null);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Only who is being killed is let go. Who handles a signal and goes on would see EINTR from
   * calls that never give it on a local filesystem.
   */
  @Override
  public boolean interrupt(Request in) {
    long request = in.int64(Interrupt.UNIQUE);
    for (Worker worker : workers) {
      int caller = worker.callerOf(request);
      if (caller != Worker.UNKNOWN) {
        if (Signals.isBeingKilled(caller)) {
          worker.giveUp(request);
        }
        return true;
      }
    }
    return false;
  }
}
