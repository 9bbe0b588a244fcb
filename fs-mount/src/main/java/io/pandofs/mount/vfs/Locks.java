package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The locks that this mount's programs have and wait for. They are the session's: when that ends,
 * others get them, and a handle that had any is good for nothing but to be closed (PROTOCOL rule
 * 7). Thread-safe.
 */
final class Locks {
  /** Whose locks a program has: of a process or an open file, on an inode. */
  record Owned(InodeId inode, FileLock.Kind kind, long owner) {}

  private final Sessions sessions;
  private final Coherence coherence;
  private final Clock clock;
  private final Duration patience;
  private final AtomicLong tickets = new AtomicLong();
  private volatile @Nullable OfSession present;

  /**
   * @param patience for the answer to who unlocks, and for leases of others
   */
  Locks(Sessions sessions, Coherence coherence, Clock clock, Duration patience) {
    this.sessions = sessions;
    this.coherence = coherence;
    this.clock = clock;
    this.patience = patience;
  }

  /** What one session has. */
  static final class OfSession implements MetadataSession.LockWaiter {
    final MetadataSession session;

    /** Who may have locks, until they were all given up. */
    final Set<Owned> owned = ConcurrentHashMap.newKeySet();

    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();

    OfSession(MetadataSession session) {
      this.session = session;
    }

    boolean isOver() {
      return session.expired().isDone();
    }

    @Override
    public void granted(long ticket) {
      Pending asked = pending.get(ticket);
      if (asked != null) {
        asked.granted();
      }
    }

    @Override
    public void mayBeGranted() {
      pending.values().forEach(Pending::ask);
    }

    void end() {
      for (Pending asked : pending.values()) {
        asked.fail(new ErrnoException(Errno.EIO, "the session is over"));
      }
    }
  }

  private final class Pending implements LockOperations.Asked {
    private final OfSession locks;
    private final FileHandle open;
    private final Caller caller;
    private final Operation.SetLock wanted;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    @GuardedBy("this")
    private CompletableFuture<Reply> asked = CompletableFuture.completedFuture(Reply.OK);

    @GuardedBy("this")
    private boolean givenUp;

    Pending(OfSession locks, FileHandle open, Caller caller, Operation.SetLock wanted) {
      this.locks = locks;
      this.open = open;
      this.caller = caller;
      this.wanted = wanted;
    }

    @Override
    public CompletableFuture<Void> done() {
      return done;
    }

    private Request request(Operation operation) {
      return new Request(operation, caller, clock.now());
    }

    /** Once more if it may have been granted, but not behind its own cancellation. */
    void ask() {
      CompletableFuture<Reply> reply;
      synchronized (this) {
        if (givenUp || done.isDone()) {
          return;
        }
        reply = coherence.send(locks.session, request(wanted));
        asked = reply;
      }
      var unused = reply.thenAccept(this::answered);
    }

    /**
     * What another mount has decided ahead about the locks of the file must be in the log first.
     */
    private void recall(ForeignLeaseException foreign) {
      var unused =
          locks
              .session
              .recall(foreign.holder(), foreign.inode(), patience)
              .whenComplete(
                  (given, failure) -> {
                    if (failure == null) {
                      ask();
                    } else {
                      fail(new ErrnoException(Errno.EIO, foreign.inode() + " is not given back"));
                    }
                  });
    }

    /** Comes about as long as the session lives, whether or not somebody still waits for it. */
    void unlock() {
      var unused = coherence.commit(locks.session, request(wanted)).thenAccept(this::answered);
      if (!locks.session.refusal().isOk()) {
        done.complete(null); // nobody can ask for it meanwhile
      }
      var unusedLimit = done.orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void answered(Reply reply) {
      ForeignLeaseException foreign = Coherence.refusal(reply);
      if (foreign != null) {
        recall(foreign);
      } else if (!reply.errno().isOk()) {
        if (reply.errno() == Errno.EIO && wanted.type() != null) {
          uncertain();
        }
        fail(new ErrnoException(reply.errno()));
      } else if (!reply.equals(Operation.SetLock.WAITS)) {
        granted();
      }
    }

    /** It may come about yet: then it is not waited for, and goes with the next close. */
    private void uncertain() {
      note();
      if (wanted.ticket() != 0) {
        var unused = locks.session.commit(request(cancel()));
      }
    }

    /** Its owner has it, whatever was closed meanwhile. */
    private void note() {
      Owned owned = new Owned(wanted.inode(), wanted.kind(), wanted.owner());
      locks.owned.add(owned);
      open.locked(locks, owned);
    }

    void granted() {
      locks.pending.remove(wanted.ticket());
      if (wanted.type() != null) {
        note();
      }
      done.complete(null);
    }

    void fail(ErrnoException why) {
      locks.pending.remove(wanted.ticket());
      done.completeExceptionally(why);
    }

    private Operation cancel() {
      return new Operation.CancelLock(wanted.inode(), wanted.kind(), wanted.ticket());
    }

    @Override
    public void giveUp() {
      CompletableFuture<Reply> before;
      synchronized (this) {
        if (givenUp || done.isDone()) {
          return;
        }
        givenUp = true;
        before = asked;
      }
      // What is tried again on its way must not be behind it.
      var unused = before.thenAccept(this::cancel);
      if (!locks.session.refusal().isOk()) {
        fail(new ErrnoException(Errno.EINTR));
      }
      var unusedLimit = done.orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void cancel(Reply asking) {
      if (Coherence.refusal(asking) != null) {
        fail(new ErrnoException(Errno.EINTR));
      } else if (!asking.errno().isOk()) {
        fail(new ErrnoException(asking.errno()));
      } else {
        var unused = locks.session.commit(request(cancel())).thenAccept(this::cancelled);
      }
    }

    private void cancelled(Reply cancelling) {
      if (!cancelling.errno().isOk() || cancelling.equals(Operation.CancelLock.GIVEN_UP)) {
        fail(new ErrnoException(Errno.EINTR));
      } else {
        granted();
      }
    }
  }

  /**
   * Asks for a lock, or gives one up.
   *
   * @param waits for what others have; else it is EAGAIN
   * @throws ErrnoException EIO if there is no session, or the handle's locks were lost with one
   */
  LockOperations.Asked ask(
      Caller caller, FileHandle open, LockOperations.Wanted wanted, boolean waits)
      throws ErrnoException {
    OfSession locks = present(sessions.current());
    OfSession before = open.lockedIn();
    if (before != null && before != locks) {
      throw new ErrnoException(Errno.EIO, "the locks of " + open.file().inode() + " are lost");
    }
    long ticket = waits && wanted.type() != null ? tickets.incrementAndGet() : 0;
    Pending asked =
        new Pending(
            locks,
            open,
            caller,
            new Operation.SetLock(
                open.file().inode(),
                wanted.kind(),
                wanted.owner(),
                wanted.first(),
                wanted.last(),
                wanted.type(),
                wanted.pid(),
                ticket));
    if (wanted.type() == null) {
      asked.unlock();
      return asked;
    }
    if (ticket != 0) {
      locks.pending.put(ticket, asked);
    }
    asked.ask();
    if (locks.isOver()) {
      locks.end();
    }
    return asked;
  }

  private synchronized OfSession present(MetadataSession session) throws ErrnoException {
    OfSession now = present;
    if (now != null && now.session == session) {
      return now;
    }
    if (session.expired().isDone()) {
      throw new ErrnoException(Errno.EIO, "the session is over");
    }
    OfSession fresh = new OfSession(session);
    session.onLockGranted(fresh);
    var unused = session.expired().whenComplete((over, failure) -> fresh.end());
    present = fresh;
    return fresh;
  }

  /** A descriptor is closed: a process's locks of the file go, whichever way it took them. */
  void closed(FileHandle open, long owner) throws ErrnoException {
    Owned owned = new Owned(open.file().inode(), FileLock.Kind.POSIX, owner);
    // Or the last use of this handle would take those that the process takes by another one later.
    open.owners().remove(owned);
    OfSession locks = present;
    Pending gone = locks == null ? null : giveUpAll(locks, open, owned);
    if (gone != null) {
      // What another process asks for next must find them gone.
      boolean unused = Waits.of(gone.done.handle((done, failure) -> true));
    }
  }

  /** The last use of a handle: the locks of the open file go. Waits for nothing. */
  void released(FileHandle open) {
    OfSession locks = open.lockedIn();
    if (locks != null) {
      for (Owned owned : open.owners()) {
        Pending unused = giveUpAll(locks, open, owned);
      }
    }
  }

  private @Nullable Pending giveUpAll(OfSession locks, FileHandle open, Owned owned) {
    if (!locks.owned.remove(owned) || locks.isOver()) {
      return null;
    }
    Operation.SetLock all =
        new Operation.SetLock(
            owned.inode(), owned.kind(), owned.owner(), 0, Long.MAX_VALUE, null, 0, 0);
    Pending asked = new Pending(locks, open, Caller.ROOT, all);
    asked.unlock();
    return asked;
  }
}
