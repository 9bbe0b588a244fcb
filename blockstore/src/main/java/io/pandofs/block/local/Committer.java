package io.pandofs.block.local;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.StoreDamagedException;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that changes the tables of a store. It takes all that is queued, up to a segment's
 * size, makes it durable with one barrier, and then completes everyone's future: the slower the
 * disk, the larger the groups.
 *
 * <p>Work in one commit names no block twice, so order within it does not matter; across commits it
 * is the order of arrival. Futures are completed on this thread: what hangs on them must not block.
 *
 * <p>A full disk fails the puts of that commit and nothing else. Any other failure to write is for
 * good (after a failed sync nobody knows what is on the disk): every later change is refused until
 * the store is opened again, while reads go on.
 */
final class Committer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Committer.class);

  private final Tables tables;
  private final Segments segments;
  private final StoreHome home;
  private final LocalBlockOptions options;
  private final Damage damage;
  private final Runnable onChange;
  private final Piece piece = new Piece();
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final ArrayDeque<Work> queue = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean closing;

  private volatile @Nullable IOException failure;

  /**
   * @param onChange told after each commit of puts and deletes; must not block
   */
  Committer(
      Tables tables,
      Segments segments,
      StoreHome home,
      LocalBlockOptions options,
      Damage damage,
      Runnable onChange) {
    this.tables = tables;
    this.segments = segments;
    this.home = home;
    this.options = options;
    this.damage = damage;
    this.onChange = onChange;
    this.thread = new Thread(this::run, "block-committer");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Queues the work; never blocks. */
  void submit(Work work) {
    lock.lock();
    try {
      if (!closing) {
        queue.add(work);
        changed.signal();
        return;
      }
    } finally {
      lock.unlock();
    }
    work.done().completeExceptionally(new IOException("the block store is closed"));
  }

  /** Takes work back that nobody has begun with; its bytes are no longer held on to. */
  void forget(Work work) {
    lock.lock();
    try {
      queue.removeIf(each -> each == work);
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    List<Work> group = take();
    while (!group.isEmpty()) {
      commit(group);
      group = take();
    }
  }

  /** The next group; empty when the committer is closing and nothing is left. */
  private List<Work> take() {
    lock.lock();
    try {
      while (queue.isEmpty() && !closing) {
        changed.awaitUninterruptibly();
      }
      List<Work> group = new ArrayList<>();
      Set<BlockId> named = new HashSet<>();
      long bytes = 0;
      for (Work head = queue.peek(); head != null; head = queue.peek()) {
        bytes += head.bytes();
        boolean fits =
            bytes <= options.segmentBytes()
                && !head.isAlone()
                && Collections.disjoint(named, head.blocks());
        if (!fits && !group.isEmpty()) {
          break;
        }
        group.add(queue.remove());
        named.addAll(head.blocks());
        if (head.isAlone()) {
          break;
        }
      }
      return group;
    } finally {
      lock.unlock();
    }
  }

  private void commit(List<Work> group) {
    try {
      IOException failed = failure;
      if (failed instanceof StoreDamagedException) {
        throw new StoreDamagedException(String.valueOf(failed.getMessage()), failed);
      }
      if (failed != null) {
        throw new IOException("the block store takes no changes since it failed to write", failed);
      }
      apply(group);
      group.forEach(work -> work.done().complete(null));
    } catch (RocksDBException e) {
      fail(group, isNoSpace(e) ? full(e) : fence(e));
    } catch (IOException e) {
      fail(group, e);
    } catch (RuntimeException | Error e) {
      fail(group, fence(e));
    }
    if (group.stream().anyMatch(work -> work instanceof Work.Put || work instanceof Work.Delete)) {
      onChange.run();
    }
  }

  private void apply(List<Work> group) throws RocksDBException, IOException {
    try (Commit commit = new Commit(tables, segments, piece)) {
      for (Work work : group) {
        try {
          prepare(commit, work);
        } catch (UnreadableRowException e) {
          // Nothing of it is in the commit yet: the others go on without it.
          work.done().completeExceptionally(damage.of(String.valueOf(e.getMessage()), e.reason()));
        }
      }
      store(commit);
      commit.write();
    }
  }

  private static void prepare(Commit commit, Work work)
      throws RocksDBException, UnreadableRowException {
    if (work instanceof Work.Put put) {
      commit.put(put);
    } else if (work instanceof Work.Delete delete) {
      commit.delete(delete);
    } else if (work instanceof Work.Move move) {
      commit.move(move);
    } else if (work instanceof Work.Drop drop) {
      commit.drop(drop);
    }
  }

  private void store(Commit commit) throws RocksDBException, IOException {
    long bytes = commit.freshBytes();
    if (bytes == 0) {
      return;
    }
    if (home.usableBytes() - options.reserveBytes() < bytes) {
      fail(commit.fresh(), full(null));
      commit.fresh().clear();
    } else if (bytes < options.smallBatchBytes()) {
      commit.storeSmall();
    } else {
      commit.storeSegment(home.incoming());
    }
  }

  private IOException fence(Throwable cause) {
    IOException failed = damage.of("the block store cannot write: " + cause, cause);
    failure = failed;
    LOG.error("the block store takes no more changes until it is opened again", cause);
    return failed;
  }

  private static StoreFullException full(@Nullable RocksDBException cause) {
    String message = "no space left on the disk of the block store";
    return cause == null ? new StoreFullException(message) : new StoreFullException(message, cause);
  }

  static boolean isNoSpace(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getSubCode() == Status.SubCode.NoSpace;
  }

  private static void fail(List<? extends Work> works, IOException e) {
    works.forEach(work -> work.done().completeExceptionally(e));
  }

  /** Finishes what is queued, takes nothing more, and ends the thread. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // The handles under the thread may go only after it.
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
