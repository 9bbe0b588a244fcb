package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leases that this mount holds on files: got before the first byte is taken, kept while there
 * is use of them, given back when another mount recalls them or after a while. Thread-safe.
 *
 * <p>Invariant: of a file with bytes that are not committed this mount holds the lease. To give one
 * back nothing is locked and nobody else is waited for (PROTOCOL rule 9): the file's writers are
 * let out, what they wrote is committed, and the release is the last operation.
 */
final class Leases implements MetadataSession.LeaseHolder {

  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

  /** How many leases one operation gives back. */
  private static final int RELEASED_AT_ONCE = 1024;

  /** For so long a lease that had to be recalled from another mount is not given back again. */
  private static final long KEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** A directory in which nothing was changed for so long is given back. */
  private static final long DIRECTORY_IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** One that is recalled takes those with it in which nothing was changed for so long. */
  private static final long DIRECTORY_QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Sessions sessions;
  private final OpenFiles openFiles;
  private final WriteBack writeBack;
  private final Coherence coherence;
  private final DirectoryUse use;
  private final Clock clock;
  private final Executor workers;
  private final ScheduledExecutorService scheduler;

  Leases(
      Sessions sessions,
      OpenFiles openFiles,
      WriteBack writeBack,
      Coherence coherence,
      DirectoryUse use,
      Clock clock,
      Executor workers,
      ScheduledExecutorService scheduler) {
    this.sessions = sessions;
    this.openFiles = openFiles;
    this.writeBack = writeBack;
    this.coherence = coherence;
    this.use = use;
    this.clock = clock;
    this.workers = workers;
    this.scheduler = scheduler;
  }

  /**
   * Gets the lease if need be and lets the caller write; {@link #exit} must follow.
   *
   * @param deadline by the clock, see {@link Coherence#deadline}
   * @throws ErrnoException EIO if it cannot be had in time; EINTR if the call was given up; ESTALE
   *     if the file is gone
   */
  void enter(OpenFile file, long deadline) throws ErrnoException {
    FileLease lease = file.lease();
    boolean contended = false;
    while (!lease.enter(deadline)) {
      ForeignLeaseException foreign = null;
      long asked = lease.generation();
      try {
        Operation acquire = new Operation.AcquireLease(file.inode());
        Request request = new Request(acquire, Caller.ROOT, clock.now());
        Waits.requireNotGivenUp();
        Reply reply = Waits.of(coherence.send(sessions.current(), request));
        foreign = Coherence.refusal(reply);
        if (reply.errno().isOk() && lease.granted(asked, contended ? KEEP_NANOS : 0, true)) {
          return;
        }
        if (!reply.errno().isOk() && foreign == null) {
          throw new ErrnoException(reply.errno());
        }
      } finally {
        lease.refused(asked);
        tidy(file);
      }
      if (foreign != null) {
        contended = true;
        coherence.recall(foreign.holder(), foreign.inode(), deadline);
      }
    }
  }

  /**
   * A name in a directory is about to be changed: asks for the lease of it if that is worth while.
   * Waits for nothing.
   */
  void workIn(InodeId directory) throws ErrnoException {
    OpenFile held = openFiles.acquire(directory);
    try {
      FileLease lease = held.lease();
      if (lease.isUsed() || !use.isWorthALease(directory) || !lease.ask()) {
        return;
      }
      long asked = lease.generation();
      try {
        Operation acquire = new Operation.AcquireLease(directory);
        CompletableFuture<Void> unused =
            sessions
                .current()
                .perform(new Request(acquire, Caller.ROOT, clock.now()))
                .thenAccept(reply -> answered(held, asked, reply));
      } catch (ErrnoException | RuntimeException e) {
        lease.refused(asked);
        throw e;
      }
    } finally {
      openFiles.release(held);
    }
  }

  private void answered(OpenFile directory, long asked, Reply reply) {
    boolean isHeld = reply.errno().isOk() && directory.lease().granted(asked, 0, false);
    if (!isHeld) {
      directory.lease().refused(asked);
    }
    if (reply.errno() == Errno.LEASED) {
      use.contended(directory.inode());
    }
    tidy(directory);
    openFiles.tidy(directory);
  }

  /** Makes a directory that is born with a lease. */
  Attributes makeDirectory(InodeId inode, Coherence.Attempt<Attributes> make)
      throws ErrnoException {
    OpenFile made = openFiles.acquire(inode);
    FileLease lease = made.lease();
    boolean unused = lease.isUsed() || lease.ask();
    long asked = lease.generation();
    try {
      Attributes attributes = make.make();
      boolean unusedHeld = lease.granted(asked, 0, false);
      return attributes;
    } finally {
      lease.refused(asked);
      tidy(made);
      openFiles.release(made);
    }
  }

  /** The writer is out. */
  void exit(OpenFile file) {
    file.lease().exit();
    if (file.lease().keptNanos() <= 0) {
      tidy(file);
    }
  }

  /** Gives back what was recalled while it could not be given back. */
  void tidy(OpenFile file) {
    if (file.lease().isRecalled()) {
      run(() -> giveBack(List.of(file)));
    }
  }

  private void run(Runnable task) {
    try {
      workers.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("the mount is being closed: its leases end with its session");
    }
  }

  /**
   * A recall takes all files with it that nobody has open, or all directories that are not worked
   * in: whoever wants one may want them all.
   */
  @Override
  public CompletableFuture<Void> giveBack(InodeId inode) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    run(
        () -> {
          OpenFile wanted = openFiles.acquire(inode);
          try {
            boolean isDirectory = wanted.lease().isOfDirectory();
            if (isDirectory) {
              use.contended(inode);
            }
            List<OpenFile> files = isDirectory ? quietDirectories() : closedFiles();
            List<CompletableFuture<Void>> all = new ArrayList<>(files.size() + 1);
            files.removeIf(file -> file == wanted || !file.lease().isHeld());
            files.add(wanted);
            files.forEach(file -> all.add(file.lease().recall()));
            giveBack(files);
            CompletableFuture<Void> unused =
                CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                    .thenAccept(done::complete);
          } finally {
            openFiles.release(wanted);
          }
        });
    return done;
  }

  private List<OpenFile> closedFiles() {
    List<OpenFile> files = openFiles.closed();
    files.removeIf(file -> file.lease().isOfDirectory());
    return files;
  }

  private List<OpenFile> quietDirectories() {
    long since = clock.nanoTime() - DIRECTORY_QUIET_NANOS;
    List<OpenFile> quiet = openFiles.all();
    quiet.removeIf(file -> !file.lease().isOfDirectory() || !file.lease().isIdle(since));
    return quiet;
  }

  /** Gives back what nobody has used since the given time, or has open; returns at once. */
  void giveBackIdle(long sinceNanos) {
    List<OpenFile> idle = new ArrayList<>();
    long now = clock.nanoTime();
    for (OpenFile file : openFiles.all()) {
      FileLease lease = file.lease();
      long since =
          lease.isOfDirectory() ? now - DIRECTORY_IDLE_NANOS : file.isOpen() ? sinceNanos : now;
      if (lease.isIdle(since) && !file.isDirty()) {
        idle.add(file);
      }
    }
    if (!idle.isEmpty()) {
      idle.forEach(
          file -> {
            CompletableFuture<Void> unused = file.lease().recall();
          });
      run(() -> giveBack(idle));
    }
  }

  private void giveBack(List<OpenFile> wanted) {
    MetadataSession session = sessions.present();
    List<Returning> started = new ArrayList<>(wanted.size());
    for (OpenFile file : wanted) {
      long generation = file.lease().startReturn();
      if (generation != FileLease.NOT_NOW) {
        started.add(new Returning(file, generation));
      } else {
        giveBackLater(file);
      }
    }
    CompletableFuture<?>[] flushed =
        started.stream()
            .map(one -> writeBack.flushInBackground(one.file))
            .toArray(CompletableFuture[]::new);
    CompletableFuture<Void> unused =
        CompletableFuture.allOf(flushed)
            .thenRun(
                () -> {
                  for (int from = 0; from < started.size(); from += RELEASED_AT_ONCE) {
                    int to = Math.min(started.size(), from + RELEASED_AT_ONCE);
                    release(session, started.subList(from, to));
                  }
                });
  }

  /** A lease that is being given back. */
  private record Returning(OpenFile file, long generation) {}

  /** What is kept for a moment comes back then; what is used, when its writers are out. */
  private void giveBackLater(OpenFile file) {
    long nanos = file.lease().againInNanos();
    if (nanos != FileLease.NOT_NOW) {
      ScheduledFuture<?> unused =
          scheduler.schedule(
              () -> run(() -> giveBack(List.of(file))), nanos + 1, TimeUnit.NANOSECONDS);
    }
  }

  private void release(MetadataSession session, List<Returning> clean) {
    List<InodeId> inodes = new ArrayList<>(clean.size());
    for (Returning one : clean) {
      // From here on others may change the file: no look from before counts any more.
      one.file.shapeChanges();
      inodes.add(one.file.inode());
    }
    Request release = new Request(new Operation.ReleaseLeases(inodes), Caller.ROOT, clock.now());
    CompletableFuture<Void> unused =
        session
            .submit(release)
            .thenAccept(
                reply -> {
                  if (reply.errno() != Errno.OK) {
                    LOG.debug("leases were not given back: {}", reply.errno());
                  }
                  for (Returning one : clean) {
                    one.file.lease().returned(one.generation);
                    openFiles.tidy(one.file);
                  }
                });
  }
}
