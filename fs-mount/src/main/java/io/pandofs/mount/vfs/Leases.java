package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
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

  private final Sessions sessions;
  private final OpenFiles openFiles;
  private final WriteBack writeBack;
  private final Coherence coherence;
  private final Clock clock;
  private final Executor workers;
  private final ScheduledExecutorService scheduler;

  Leases(
      Sessions sessions,
      OpenFiles openFiles,
      WriteBack writeBack,
      Coherence coherence,
      Clock clock,
      Executor workers,
      ScheduledExecutorService scheduler) {
    this.sessions = sessions;
    this.openFiles = openFiles;
    this.writeBack = writeBack;
    this.coherence = coherence;
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
        Reply reply = Waits.of(sessions.current().submit(request));
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

  /** A recall takes all files with it that nobody has open: whoever wants one may want them all. */
  @Override
  public CompletableFuture<Void> giveBack(InodeId inode) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    run(
        () -> {
          List<OpenFile> files = openFiles.closed();
          OpenFile wanted = openFiles.acquire(inode);
          try {
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

  /** Gives back what nobody has used since the given time, or has open; returns at once. */
  void giveBackIdle(long sinceNanos) {
    List<OpenFile> idle = new ArrayList<>();
    for (OpenFile file : openFiles.all()) {
      boolean unused = file.lease().isIdle(file.isOpen() ? sinceNanos : clock.nanoTime());
      if (unused && !file.isDirty()) {
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
