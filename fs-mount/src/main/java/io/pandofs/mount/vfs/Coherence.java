package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.Waits;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * Looks and operations that the lease of another mount may stand in the way of: that mount is asked
 * to give it back, and the look or the operation is made again, until the lease is gone or the
 * mount's patience is over. What this mount itself has written and not sent is laid over what the
 * log shows. Thread-safe.
 *
 * <p>Nothing that the commit of data waits for may be locked while this waits (PROTOCOL rule 9).
 */
final class Coherence {

  /** How often attributes are looked at again because data was committed meanwhile. */
  private static final int LOOKS_MAX = 4;

  private final Sessions sessions;
  private final OpenFiles openFiles;
  private final Clock clock;
  private final Duration patience;
  private final boolean worksAhead;

  /**
   * @param worksAhead whether calls may be answered before the log has what they do
   */
  Coherence(
      Sessions sessions, OpenFiles openFiles, Clock clock, Duration patience, boolean worksAhead) {
    this.worksAhead = worksAhead;
    this.sessions = sessions;
    this.openFiles = openFiles;
    this.clock = clock;
    this.patience = patience;
  }

  /** One try. */
  @FunctionalInterface
  interface Attempt<T> {
    T make() throws ErrnoException;
  }

  /** What is looked for in a view. */
  @FunctionalInterface
  interface Look<T> {
    T in(MetadataView view) throws ErrnoException;
  }

  /**
   * Looks at a view as of now, once no foreign lease is in the way of what is looked at.
   *
   * @throws ErrnoException what the look throws, or EIO when the patience is over
   */
  <T> T look(Look<T> look) throws ErrnoException {
    return retry(
        () -> {
          try (MetadataView view = sessions.view()) {
            return look.in(view);
          }
        });
  }

  /**
   * Tries until no foreign lease is in the way.
   *
   * @throws ErrnoException what the try throws, or EIO when the patience is over
   */
  <T> T retry(Attempt<T> attempt) throws ErrnoException {
    return retry(attempt, deadline());
  }

  private <T> T retry(Attempt<T> attempt, long deadlineNanos) throws ErrnoException {
    while (true) {
      try {
        return attempt.make();
      } catch (ForeignLeaseException e) {
        recall(e.holder(), e.inode(), deadlineNanos);
      }
    }
  }

  /** The time, by the clock, after which a call that begins now waits for no lease. */
  long deadline() {
    return clock.nanoTime() + patience.toNanos();
  }

  /**
   * Takes a file's {@link OpenFile#shape}, which others may hold while they wait for another mount.
   * Waits no longer than for a lease, both together.
   *
   * @throws ErrnoException EIO after the deadline, EINTR if the call was given up
   */
  void lock(Lock lock, long deadlineNanos) throws ErrnoException {
    boolean locked =
        Waits.during(() -> lock.tryLock(deadlineNanos - clock.nanoTime(), TimeUnit.NANOSECONDS));
    if (!locked) {
      throw new ErrnoException(Errno.EIO, "others still wait for the file's lease");
    }
  }

  /**
   * Asks another mount to give a lease back and waits until it has, or is over.
   *
   * @throws ErrnoException EIO after the deadline, EINTR if the call was given up
   */
  void recall(SessionId holder, InodeId inode, long deadlineNanos) throws ErrnoException {
    long left = deadlineNanos - clock.nanoTime();
    if (left <= 0) {
      throw notGivenBack(holder, inode);
    }
    Waits.requireNotGivenUp();
    CompletableFuture<Void> given =
        sessions.current().recall(holder, inode, Duration.ofNanos(left)).copy();
    boolean unusedDone =
        Waits.during(
            () -> {
              try {
                Void unused = given.get(left, TimeUnit.NANOSECONDS);
                return true;
              } catch (ExecutionException | TimeoutException e) {
                throw notGivenBack(holder, inode);
              }
            });
  }

  private static ErrnoException notGivenBack(SessionId holder, InodeId inode) {
    return new ErrnoException(Errno.EIO, inode + " is not given back by " + holder);
  }

  /** What stat(2) tells; a file that is dirty here shows its own size and mtime. */
  Attributes attributes(InodeId inode) throws ErrnoException {
    return retry(() -> attributesNow(inode));
  }

  private Attributes attributesNow(InodeId inode) throws ErrnoException {
    for (int look = 1; ; look++) {
      OpenFile file = openFiles.find(inode);
      OpenFile.Pending pending = file == null ? OpenFile.Pending.NONE : file.pending();
      Attributes shown;
      try (MetadataView view = sessions.view()) {
        shown = view.attributes(inode);
      }
      if (shown.holder() == null && (file == null || !file.lease().isHeld())) {
        // Whatever was pending before the view was opened is in it, or lost. (A view of the past,
        // without a majority, shows no leases: then what is pending is in no view.)
        return shown;
      }
      if (file == null || file.isAsOf(pending) || look == LOOKS_MAX) {
        return pending.over(shown);
      }
    }
  }

  /**
   * Has an operation done, ahead of the log if leases of this mount cover it, and waits for its
   * answer.
   *
   * @throws ErrnoException also EINTR if the call was given up: it may come about all the same
   */
  Reply submit(Operation operation, Caller caller, Timestamp time) throws ErrnoException {
    return retry(() -> submitTo(sessions.current(), operation, caller, time));
  }

  /** The live session, for the calls below; what was lost with an earlier one is known by then. */
  MetadataSession session() throws ErrnoException {
    return sessions.current();
  }

  /**
   * As {@link #submit}, but only in this session, for what must not happen without what was done in
   * it before: that may be lost when it ends.
   */
  Reply submitIn(MetadataSession session, Operation operation, Caller caller, Timestamp time)
      throws ErrnoException {
    return retry(() -> submitTo(session, operation, caller, time));
  }

  /**
   * One try in a certain session, for what names a number that was granted to it; to be made in an
   * {@link Attempt}.
   */
  Reply submitTo(MetadataSession session, Operation operation, Caller caller, Timestamp time)
      throws ErrnoException {
    Waits.requireNotGivenUp();
    CompletableFuture<Reply> answer = send(session, new Request(operation, caller, time));
    try {
      return unlessForeign(Waits.of(answer));
    } finally {
      // What was not sent yet when the call was given up must not happen after what comes next.
      boolean unused = answer.cancel(false);
    }
  }

  /** Has a request done, ahead of the log where this mount does that. */
  CompletableFuture<Reply> send(MetadataSession session, Request request) {
    return worksAhead ? session.perform(request) : session.submit(request);
  }

  /** As {@link #send}, with the patience of the session: for what must come about. */
  CompletableFuture<Reply> commit(MetadataSession session, Request request) {
    return worksAhead ? session.commitAhead(request) : session.commit(request);
  }

  boolean worksAhead() {
    return worksAhead;
  }

  /**
   * As {@link #submitIn}, for a call that has waited already, and that nobody may overtake: what
   * has been sent is waited for even if the call is given up.
   */
  Reply submitAlone(
      MetadataSession session,
      Operation operation,
      Caller caller,
      Timestamp time,
      long deadlineNanos)
      throws ErrnoException {
    Request request = new Request(operation, caller, time);
    return retry(() -> unlessForeign(send(session, request).join()), deadlineNanos);
  }

  private static Reply unlessForeign(Reply reply) throws ErrnoException {
    ForeignLeaseException foreign = refusal(reply);
    if (foreign != null) {
      throw foreign;
    }
    if (!reply.errno().isOk()) {
      throw new ErrnoException(reply.errno());
    }
    return reply;
  }

  /** Whose lease an operation was refused for; null if it was not. */
  static @Nullable ForeignLeaseException refusal(Reply reply) {
    if (reply.errno() != Errno.LEASED) {
      return null;
    }
    Attributes leased = reply.attributes();
    if (leased == null || reply.number() <= 0) {
      throw new IllegalStateException("a refusal that does not say what for: " + reply);
    }
    return new ForeignLeaseException(new SessionId(reply.number()), leased.inode());
  }
}
