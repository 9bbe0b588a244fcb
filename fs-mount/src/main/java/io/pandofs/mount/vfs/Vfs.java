package io.pandofs.mount.vfs;

import io.pandofs.block.Blocks;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataView;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One mount's filesystem by inodes and handles. Its parts are {@link #namespace}, {@link #files},
 * {@link #directories}, {@link #xattrs} and {@link #locks}; this class wires them and owns what
 * they share. Thread-safe; calls block.
 */
public final class Vfs implements AutoCloseable {

  /** Free space of less than so many write buffers is low: buffers of other mounts fill too. */
  private static final int LOW_SPACE = 4;

  private static final Logger LOG = LoggerFactory.getLogger(Vfs.class);

  /** Threads that commit and give leases back behind the callers' backs; nothing there waits. */
  private static final int WORKERS = 8;

  /** Threads that read ahead, which may wait for a disk, and how many files may wait for them. */
  private static final int AHEAD = 4;

  private static final int AHEAD_QUEUED_MAX = 64;

  /** Threads that flush behind the callers' backs, and may have to wait at that. */
  private static final int CARRIERS = 8;

  /** So long a mount that is closed waits for puts that are under way; they store nothing more. */
  private static final long CLOSE_MILLIS = 5_000;

  /** How often the age of written data is looked at, as a fraction of the age allowed. */
  private static final int AGE_CHECKS = 4;

  private final Clock clock;
  private final Capacity capacity;
  private final long writeBackAgeNanos;
  private final long dirtyBytesMax;
  private final ExecutorService workers;
  private final ExecutorService carriers;
  private final ExecutorService ahead;
  private final Sessions sessions;
  private final OpenFiles openFiles;
  private final WriteBudget budget;
  private final WriteBack writeBack;
  private final LostData lostData;
  private final KeptByKernel kept = new KeptByKernel();
  private final Leases leases;
  private final PieceCache cache;
  private final ScheduledFuture<?> ageing;

  private final Namespace namespace;
  private final FileOperations files;
  private final DirectoryOperations directories;
  private final XattrOperations xattrs;
  private final LockOperations locks;

  /**
   * Registers the mount's session and starts.
   *
   * @param scheduler runs the check for old data; its tasks are short
   * @throws IOException if no session can be registered
   */
  public Vfs(
      VfsOptions options,
      Clock clock,
      SessionSource source,
      Blocks blocks,
      Capacity capacity,
      ScheduledExecutorService scheduler)
      throws IOException {
    this.clock = clock;
    this.capacity = capacity;
    this.writeBackAgeNanos = options.writeBackAge().toNanos();
    this.dirtyBytesMax = options.dirtyBytesMax();
    BufferPool pool = new BufferPool((options.dirtyBytesMax() + options.cacheBytesMax()) / 4);
    this.budget = new WriteBudget(options.dirtyBytesMax(), clock, this::relieve);
    this.lostData = new LostData();
    this.openFiles = new OpenFiles(pool, budget, lostData, kept, clock);
    this.sessions = new Sessions(source, openFiles);
    this.workers = Executors.newFixedThreadPool(WORKERS, task -> thread("vfs-worker", task));
    this.carriers = Executors.newFixedThreadPool(CARRIERS, task -> thread("vfs-carrier", task));
    this.ahead = readingAhead();
    this.writeBack =
        new WriteBack(
            sessions,
            blocks,
            pool,
            budget,
            openFiles,
            lostData,
            clock,
            workers,
            carriers,
            options.patience(),
            this::isSpaceLow);
    this.cache = new PieceCache(blocks, pool, options.cacheBytesMax());
    Coherence coherence =
        new Coherence(sessions, openFiles, clock, options.leasePatience(), !options.syncOnWrite());
    this.leases =
        new Leases(
            sessions,
            openFiles,
            writeBack,
            coherence,
            new DirectoryUse(clock, !options.syncOnWrite()),
            clock,
            workers,
            scheduler);
    openFiles.onRecall(leases);
    Shape shape = new Shape(coherence, openFiles, writeBack, budget, lostData);
    DataReader reader = new DataReader(sessions, coherence, cache, ahead);
    AccessTimes accessTimes = new AccessTimes(sessions, coherence, clock, options.accessTime());
    this.namespace =
        new Namespace(clock, sessions, coherence, openFiles, leases, shape, accessTimes);
    Locks held = new Locks(sessions, coherence, clock, options.patience());
    this.files =
        new FileOperations(
            options,
            clock,
            sessions,
            coherence,
            leases,
            lostData,
            this::isSpaceLow,
            openFiles,
            budget,
            writeBack,
            shape,
            reader,
            accessTimes,
            held);
    this.locks = new LockOperations(sessions, coherence, files, held);
    this.directories =
        new DirectoryOperations(sessions, coherence, openFiles, writeBack, lostData, accessTimes);
    this.xattrs = new XattrOperations(coherence, shape, clock);
    long periodNanos = Math.max(1, writeBackAgeNanos / AGE_CHECKS);
    this.ageing =
        scheduler.scheduleWithFixedDelay(this::age, periodNanos, periodNanos, TimeUnit.NANOSECONDS);
  }

  /** What finds no room in the queue is not read ahead: whoever reads it asks for it itself. */
  private static ExecutorService readingAhead() {
    return new ThreadPoolExecutor(
        AHEAD,
        AHEAD,
        0,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(AHEAD_QUEUED_MAX),
        task -> thread("vfs-ahead", task),
        new ThreadPoolExecutor.DiscardPolicy());
  }

  private static final AtomicInteger THREADS = new AtomicInteger();

  private static Thread thread(String name, Runnable task) {
    Thread thread = new Thread(task, name + "-" + THREADS.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }

  public Namespace namespace() {
    return namespace;
  }

  public FileOperations files() {
    return files;
  }

  public DirectoryOperations directories() {
    return directories;
  }

  public LockOperations locks() {
    return locks;
  }

  public XattrOperations xattrs() {
    return xattrs;
  }

  /** Says what keeps some of the answers from now on; not before {@link #keepNanos} is over 0. */
  public void keptIn(KernelCache kernel) {
    kept.in(kernel);
  }

  /**
   * For how long from now a {@link KernelCache} may keep what calls have told that began after it
   * was last made to drop something, in nanoseconds; 0: not at all.
   */
  public long keepNanos() {
    return sessions.present().keepNanos();
  }

  /** Whether a program has a file open. */
  public boolean isOpen(InodeId inode) {
    OpenFile file = openFiles.find(inode);
    return file != null && file.isOpen();
  }

  /** statvfs(3). */
  public VolumeSpace statfs() throws ErrnoException {
    Capacity.Space space = capacity.space();
    try (MetadataView view = sessions.view()) {
      return new VolumeSpace(space.totalBytes(), space.freeBytes(), view.stats().inodes());
    }
  }

  /**
   * Commits all that is dirty: syncfs(2). What is lost for good, before or meanwhile, is not
   * thrown: it stays to be told by its handles, and is counted by {@link #losses}.
   *
   * @throws ErrnoException EIO if that cannot be done in time, EIO or EROFS at once while the
   *     quorum-loss policy refuses changes; what was written is kept
   */
  public void sync() throws ErrnoException {
    writeBack.await(openFiles.all());
    writeBack.awaitLogged();
  }

  private boolean isSpaceLow() {
    return capacity.space().freeBytes() / LOW_SPACE < dirtyBytesMax;
  }

  /** Ships what would be too old at the next look, and gives back leases that are not used. */
  private void age() {
    long now = clock.nanoTime();
    leases.giveBackIdle(now - writeBackAgeNanos);
    long before = now - writeBackAgeNanos + writeBackAgeNanos / AGE_CHECKS;
    for (OpenFile file : openFiles.all()) {
      if (file.isOlderThan(before)) {
        CompletableFuture<Void> unused = writeBack.flushInBackground(file);
      }
    }
  }

  /** A file and what it had unsealed when it was looked at. */
  private record Unsealed(OpenFile file, long bytes) {}

  /**
   * Starts flushing, most bytes first, until what rests unsealed leaves half of the budget, and so
   * many bytes, to what is on its way: that makes the room. The rest may grow to whole blocks; a
   * sequential writer who waits for room would otherwise have its own cut into pieces.
   */
  private void relieve(long bytes) {
    long restMax = Math.min(dirtyBytesMax / 2, dirtyBytesMax - bytes);
    if (budget.unsealed() <= restMax) {
      return; // without a look at every file, which each write would take while all is on its way
    }
    List<Unsealed> unsealed =
        openFiles.all().stream()
            .map(file -> new Unsealed(file, file.unsealedBytes()))
            .filter(one -> one.bytes > 0)
            .sorted(Comparator.comparingLong(Unsealed::bytes).reversed())
            .toList();
    long rest = unsealed.stream().mapToLong(Unsealed::bytes).sum();
    for (Unsealed one : unsealed) {
      if (rest <= restMax) {
        return;
      }
      rest -= one.bytes;
      CompletableFuture<Void> unused = writeBack.flushInBackground(one.file);
    }
  }

  /**
   * Written bytes that the log does not have, the most that was in use of the write budget, and
   * bytes in use of the read cache.
   */
  public Memory memory() {
    return new Memory(unsyncedBytes(), budget.peak(), cache.bytes());
  }

  private long unsyncedBytes() {
    return budget.used() + sessions.present().unloggedBytes();
  }

  /** Of how many files written data was lost without that anybody was told yet. */
  public long lostFiles() {
    return lostData.untoldFiles();
  }

  /**
   * How often written data of a file was lost since the mount was made. Whoever remembers it learns
   * later whether more was lost, told or not: all that {@link #sync} did not commit when it
   * returned is counted by then.
   */
  public long losses() {
    return lostData.number();
  }

  /** What the mount uses of its budgets. */
  public record Memory(long dirtyBytes, long dirtyBytesPeak, long cacheBytes) {}

  /**
   * Flushes, ends the session and stops. Calls that still come answer EIO. Waits as {@link #sync}
   * does, and a few seconds more for puts that do not end.
   */
  @Override
  public void close() {
    ageing.cancel(false);
    try {
      sync();
    } catch (ErrnoException e) {
      LOG.error("{} written bytes are lost: {}", unsyncedBytes(), e.getMessage());
    }
    List<OpenFile> files = openFiles.all();
    sessions.close();
    // What is still on its way is lost with the session; it ends before what it works with does.
    awaitEnd(files.stream().map(OpenFile::tail).toArray(CompletableFuture[]::new));
    carriers.shutdown();
    workers.shutdown();
    ahead.shutdown();
  }

  private static void awaitEnd(CompletableFuture<?>[] tails) {
    try {
      Void unused = CompletableFuture.allOf(tails).get(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the mount is closed while it still puts blocks: {}", e.toString());
    }
  }
}
