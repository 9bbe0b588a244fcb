package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.InodeId;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.time.Clock;
import io.pandofs.mount.vfs.KernelCache;
import io.pandofs.mount.vfs.Vfs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The attributes that the kernel was told it may keep: each for a moment, and never beyond a change
 * of them (PROTOCOL rules 2, 3 and 5; docs/decisions/0007).
 *
 * <p>Invariants. An answer lets the kernel keep something only if nothing of it was dropped between
 * before it was worked out and after it was written; that, and dropping, exclude each other. What
 * is kept is noted before it is written, and its note goes when the kernel has been told to forget
 * it, or not before it has run out. Nothing is kept of a file that a program has open: the kernel
 * judges by attributes whether its pages are old, and being told to forget some has it ignore those
 * that it asks for then.
 *
 * <p>Thread-safe. Waits for no request.
 */
final class KernelAttributes implements KernelCache {

  /** Writes an answer. */
  @FunctionalInterface
  interface Writing {
    void write() throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(KernelAttributes.class);

  /** The kernel counts in ticks, of 10 ms at most, and rounds up. */
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /**
   * What the kernel keeps runs from when the caller's thread has taken the answer in, and that may
   * have to wait for a processor. So long after an answer the kernel is still told of a change.
   */
  private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** Notes past which nothing more is kept, and how often old ones are swept out. */
  private static final int NOTES_MAX = 16384;

  private static final int SWEEP_EVERY = 1024;

  /** What is dropped together is numbered by these, so that other work does not stop keeping. */
  private static final int STRIPES = 256;

  /** More than these are told on another thread. */
  private static final int AT_ONCE_MAX = 64;

  /** Before it nothing may be kept. */
  private static final long NEVER = -1;

  /** The kernel has an inode when it has taken an answer in, of which nothing tells. */
  private static final long LOOK_AGAIN_MILLIS = 1;

  private final Vfs vfs;
  private final LookupCounts lookups;
  private final Clock clock;
  private final LimitedLog faults;
  private final ReentrantReadWriteLock fence = new ReentrantReadWriteLock();
  private final ConcurrentHashMap<InodeId, Note> notes = new ConcurrentHashMap<>();
  private final AtomicLong answers = new AtomicLong();

  /** Numbers what drops something; written between answers. */
  private final AtomicLong drops = new AtomicLong();

  /** The last that dropped an inode, by the inode's stripe; written between answers. */
  private final AtomicLongArray dropped = new AtomicLongArray(STRIPES);

  /** The last that dropped everything; written between answers. */
  private volatile long droppedAll;

  private volatile @Nullable Kernel kernel;
  private volatile boolean forgets = true;

  /** Who is told, and on which thread again. */
  private record Kernel(Notifier notifier, ScheduledExecutorService again) {}

  /** What the kernel may keep of one inode. */
  private static final class Note {
    final InodeId inode;
    final @Nullable InodeId directory;
    final long until;

    @GuardedBy("this")
    @Nullable CompletableFuture<Void> forgotten;

    Note(InodeId inode, @Nullable InodeId directory, long until) {
      this.inode = inode;
      this.directory = directory;
      this.until = until;
    }

    synchronized boolean isKept() {
      return forgotten == null;
    }
  }

  /**
   * @param lookups how often the kernel was given each inode
   */
  KernelAttributes(Vfs vfs, LookupCounts lookups, Clock clock) {
    this.vfs = vfs;
    this.lookups = lookups;
    this.clock = clock;
    this.faults = new LimitedLog(LOG, clock);
  }

  /** From now on the kernel may keep some. */
  void begin(Notifier notifier) {
    kernel =
        new Kernel(
            notifier,
            Executors.newSingleThreadScheduledExecutor(
                task -> {
                  Thread thread = new Thread(task, "fuse-forget");
                  thread.setDaemon(true);
                  return thread;
                }));
    vfs.keptIn(this);
  }

  /** Whether the kernel does forget what it is told to; else nothing is kept. */
  void forgets(boolean does) {
    forgets = does;
  }

  /** The mount is over, and what the kernel had with it. */
  void end() {
    Kernel over = kernel;
    kernel = null;
    if (over != null) {
      over.again.shutdownNow();
      over.notifier.close();
      notes.values().forEach(note -> forgottenOf(note).complete(null));
      notes.clear();
    }
  }

  /** To be asked before an answer is worked out. */
  long begun() {
    // Without the right to keep something it may be worked out from what is old.
    long begun = drops.get();
    return kernel != null && forgets && vfs.keepNanos() > 0 ? begun : NEVER;
  }

  /**
   * Writes an answer, which the kernel may keep if nothing has come in between.
   *
   * @param begun of {@link #begun} before it was worked out
   */
  void answer(Reply out, long begun, Writing writing) throws IOException {
    Reply.Told told = out.told();
    if (told == null || begun == NEVER) {
      writing.write();
      return;
    }
    if (answers.incrementAndGet() % SWEEP_EVERY == 0) {
      long now = clock.nanoTime();
      notes.values().removeIf(note -> note.until + LATE_NANOS - now < 0);
    }
    Lock shared = fence.readLock();
    shared.lock();
    try {
      long nanos = mayKeep(told, begun) ? vfs.keepNanos() - TICK_NANOS : 0;
      if (nanos > 0 && note(told, clock.nanoTime() + nanos + TICK_NANOS)) {
        out.keep(nanos);
      }
      writing.write();
    } finally {
      shared.unlock();
    }
  }

  private boolean mayKeep(Reply.Told told, long begun) {
    InodeId inode = told.attributes().inode();
    InodeId directory = told.directory();
    return kernel != null
        && droppedAll <= begun
        && dropped.get(stripe(inode)) <= begun
        && (directory == null || dropped.get(stripe(directory)) <= begun)
        && notes.size() < NOTES_MAX
        && !(told.attributes().isRegular() && vfs.isOpen(inode));
  }

  private static int stripe(InodeId inode) {
    return (int) ((inode.value() * 0x9E3779B97F4A7C15L) >>> 56) % STRIPES;
  }

  /** Not while the kernel is being told to forget what it was told before. */
  private boolean note(Reply.Told told, long until) {
    InodeId inode = told.attributes().inode();
    Note fresh = new Note(inode, told.directory(), until);
    Note noted =
        notes.compute(
            inode,
            (same, old) -> {
              if (old == null) {
                return fresh;
              }
              // A note that ends later must stay: it may be for an answer on its way.
              return old.isKept() && old.until - until <= 0 ? fresh : old;
            });
    return noted == fresh;
  }

  /** A file has been opened: from now on nothing is kept of it, nor has to be dropped. */
  void opened(InodeId inode) {
    List<Note> gone = betweenAnswers(() -> notes(Set.of(inode), Set.of()));
    CompletableFuture<Void> unused = forget(gone);
  }

  /** When those are written that were being written. */
  private <T> T betweenAnswers(Supplier<T> what) {
    Lock alone = fence.writeLock();
    alone.lock();
    try {
      return what.get();
    } finally {
      alone.unlock();
    }
  }

  @Override
  public CompletableFuture<Void> drop(Set<InodeId> inodes, Set<InodeId> directories) {
    if (kernel == null || (inodes.isEmpty() && directories.isEmpty())) {
      return CompletableFuture.completedFuture(null);
    }
    return forget(
        betweenAnswers(
            () -> {
              long number = drops.incrementAndGet();
              inodes.forEach(inode -> dropped.set(stripe(inode), number));
              directories.forEach(inode -> dropped.set(stripe(inode), number));
              return notes(inodes, directories);
            }));
  }

  private List<Note> notes(Set<InodeId> inodes, Set<InodeId> directories) {
    List<Note> gone = new ArrayList<>();
    for (InodeId inode : inodes) {
      Note note = notes.get(inode);
      if (note != null) {
        gone.add(note);
      }
    }
    if (!directories.isEmpty()) {
      for (Note note : notes.values()) {
        if (note.directory != null && directories.contains(note.directory)) {
          gone.add(note);
        }
      }
    }
    return gone;
  }

  @Override
  public CompletableFuture<Void> dropAll() {
    return forget(
        betweenAnswers(
            () -> {
              droppedAll = drops.incrementAndGet();
              return List.copyOf(notes.values());
            }));
  }

  private CompletableFuture<Void> forget(List<Note> gone) {
    boolean atOnce = gone.size() <= AT_ONCE_MAX;
    return CompletableFuture.allOf(
        gone.stream()
            .map(note -> forget(note, atOnce))
            .filter(done -> !done.isDone())
            .toArray(CompletableFuture<?>[]::new));
  }

  /** Once for each note: a second time could make the kernel ignore what it asks for meanwhile. */
  private CompletableFuture<Void> forget(Note note, boolean atOnce) {
    CompletableFuture<Void> forgotten;
    synchronized (note) {
      forgotten = note.forgotten;
      if (forgotten != null) {
        return forgotten;
      }
      forgotten = new CompletableFuture<>();
      note.forgotten = forgotten;
    }
    if (atOnce) {
      tell(note, forgotten);
    } else {
      tellLater(note, forgotten, 0);
    }
    return forgotten;
  }

  private static CompletableFuture<Void> forgottenOf(Note note) {
    synchronized (note) {
      CompletableFuture<Void> forgotten = note.forgotten;
      if (forgotten == null) {
        forgotten = new CompletableFuture<>();
        note.forgotten = forgotten;
      }
      return forgotten;
    }
  }

  /** Until the kernel has it, or has let go of it; nobody waits for longer than it may be kept. */
  private void tell(Note note, CompletableFuture<Void> forgotten) {
    boolean isTold = isForgotten(note);
    long late = clock.nanoTime() - note.until;
    if (isTold || late >= LATE_NANOS) {
      boolean unused = notes.remove(note.inode, note);
      forgotten.complete(null);
      return;
    }
    if (late >= 0) {
      forgotten.complete(null);
    }
    tellLater(note, forgotten, LOOK_AGAIN_MILLIS);
  }

  private void tellLater(Note note, CompletableFuture<Void> forgotten, long millis) {
    Kernel told = kernel;
    try {
      if (told != null) {
        Future<?> unused =
            told.again.schedule(() -> tell(note, forgotten), millis, TimeUnit.MILLISECONDS);
        return;
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("the mount is over", e);
    }
    forgotten.complete(null);
  }

  private boolean isForgotten(Note note) {
    Kernel told = kernel;
    if (told == null) {
      return true;
    }
    try {
      return told.notifier.forgetAttributes(note.inode) || lookups.of(note.inode.value()) == 0;
    } catch (Throwable e) {
      faults.warn("not told of a change of " + note.inode + ", which is waited out: " + e);
      return false;
    }
  }
}
