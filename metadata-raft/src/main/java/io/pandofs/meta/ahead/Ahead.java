package io.pandofs.meta.ahead;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Granted;
import io.pandofs.meta.engine.MemoryStore;
import io.pandofs.meta.engine.OperationEngine;
import io.pandofs.meta.engine.OverlayStore;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.Touch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A session's work ahead of the log (PROTOCOL rules 8 and 9). An operation that touches only what
 * granted leases of the session cover is answered by running the engine on this node's tables and
 * the rows that were written ahead, and sent to the log in the order of the answers; its rows stay
 * over the tables until these have applied it.
 *
 * <p>Invariants. All operations of the session pass through here, and are sent under the lock. Rows
 * over the tables were written by operations that were answered ahead, and by the last of them that
 * wrote each. While an operation that waits for the log is under way, which is until the tables
 * have it and it is answered, that is, released, nothing is answered ahead about what it touches:
 * such rows are the tables' alone, and others may not have them yet. A lease counts from when its
 * grant has been answered, that is, released, until its giving back is sent. From then on others
 * may have what it was of, though the tables here do not say so yet: the lease of a directory that
 * another session holds covers a file again as soon as this one's lease of the file is gone.
 *
 * <p>Extents are cut ahead where they begin and end in the tables. While a lease is held nobody
 * else changes that: bytes that are stored anew meanwhile leave the extents' bounds alone.
 *
 * <p>An operation that the log answers otherwise than it was answered ahead cannot be made good:
 * the session has to end.
 *
 * <p>Thread-safe. Tables are looked at under the lock, so that what is looked at later is never
 * older; futures of callers complete outside of it.
 */
public final class Ahead {
  /** Operations that the tables do not have yet; past that callers wait for the log. */
  static final int UNAPPLIED_MAX = 8192;

  /** So much may be over the tables. */
  static final long UNAPPLIED_BYTES_MAX = 16L << 20;

  /** Where an operation is that has no number in its session. */
  private static final long UNSENT = Long.MAX_VALUE;

  private final SessionId session;
  private final Supplier<? extends Tables> tables;
  private final Pipeline pipeline;
  private final Consumer<String> broken;

  /** What was answered ahead, and the log did not repeat: for want of the session, or otherwise. */
  private final AtomicInteger lost = new AtomicInteger();

  /** Bytes of files that were answered ahead, and that the log has not answered. */
  private final AtomicLong unloggedBytes = new AtomicLong();

  /** What was to be made and is among that. */
  private final Set<InodeId> lostFiles = ConcurrentHashMap.newKeySet();

  /** Files whose bytes are among that. */
  private final Set<InodeId> lostWrites = ConcurrentHashMap.newKeySet();

  @GuardedBy("this")
  private final Granted granted = new Granted();

  @GuardedBy("this")
  private MemoryStore rows = new MemoryStore();

  @GuardedBy("this")
  private final Deque<Sent> unapplied = new ArrayDeque<>();

  /** What leases of the session are of, that were granted and not given back. */
  @GuardedBy("this")
  private final Set<InodeId> held = new HashSet<>();

  /** Leases that come with the answer to an operation, and are not given back before. */
  @GuardedBy("this")
  private final Map<InodeId, Sent> asked = new HashMap<>();

  /** What was given back of late, by the last operation that does so. */
  @GuardedBy("this")
  private final Map<InodeId, Sent> returning = new HashMap<>();

  /** Operations that wait for the log, by what they touch. */
  @GuardedBy("this")
  private final Map<InodeId, Set<Sent>> waited = new HashMap<>();

  @GuardedBy("this")
  private long unappliedBytes;

  /** The log has answered otherwise, or cannot be told: nothing is answered ahead any more. */
  @GuardedBy("this")
  private boolean over;

  /** Counts operations. */
  @GuardedBy("this")
  private long last;

  /** The last operation that was answered ahead. */
  @GuardedBy("this")
  private @Nullable Sent lastAhead;

  /**
   * The highest sequence number that was answered of what waited for the log, whose rows are in the
   * tables alone: those that do not have it are behind.
   */
  @GuardedBy("this")
  private long answered;

  /**
   * What became of an attempt: an answer, which may be a failure; or that another attempt is worth
   * while when something is over; or neither, and the operation has to wait for the log.
   *
   * @param touched what may be other than before when it is answered
   */
  public record Attempt(
      @Nullable Reply reply, @Nullable CompletableFuture<?> over, Set<InodeId> touched) {
    /** Neither. */
    public static final Attempt NOT_AHEAD = new Attempt(null, null, Set.of());
  }

  /** This node's tables at a moment. */
  public interface Tables extends AutoCloseable {
    ReadStore store();

    @Override
    void close();
  }

  /** The session's way into the log. */
  public interface Pipeline {
    /**
     * Queues a request after all earlier ones. Called with this session's work locked.
     *
     * @param forEver not to give it up while the session lives
     * @return the answer, or EIO when it is given up: then it may come about yet
     */
    CompletableFuture<Reply> send(Request request, boolean forEver, Progress progress);

    /** Somebody waits for what was answered ahead, if it lingers. */
    default void hurry() {}
  }

  /** Where an operation is on its way, whether or not somebody still waits for the answer. */
  public interface Progress {
    /** It gets its sequence number and may be applied from now on. Locks nothing. */
    void numbered(long sequence);

    /**
     * The log has answered it, or it never will be applied: it was given up before it had a number,
     * or the session is over. Called before the answer is given.
     */
    void concluded();
  }

  /** An operation on its way into the tables. */
  private final class Sent implements Progress {
    final long number;

    /** Whether it was answered, and would be missed. */
    final boolean isOwed;

    /** What it is, if it was answered. */
    final @Nullable Operation ahead;

    /** What it touches, if it waits for the log. */
    final Set<InodeId> touched;

    /** What it gives back. */
    final List<InodeId> returned;

    final List<OverlayStore.Place> written;
    final long writtenBytes;
    final CompletableFuture<Void> concluded = new CompletableFuture<>();
    volatile long sequence = UNSENT;

    /** It was concluded and got no sequence number: it has no effect. */
    boolean dropped;

    boolean isConcluded;
    boolean isApplied;
    boolean isLost;

    /** Of what was answered ahead, once the log has answered: whether it has repeated that. */
    volatile boolean isRepeated;

    final CompletableFuture<Boolean> compared = new CompletableFuture<>();

    Sent(
        long number,
        boolean isOwed,
        @Nullable Operation ahead,
        Set<InodeId> touched,
        List<InodeId> returned,
        List<OverlayStore.Place> written,
        long writtenBytes) {
      this.number = number;
      this.isOwed = isOwed;
      this.ahead = ahead;
      this.touched = touched;
      this.returned = returned;
      this.written = written;
      this.writtenBytes = writtenBytes;
    }

    @Override
    public void numbered(long given) {
      sequence = given;
    }

    @Override
    public void concluded() {
      note(this);
      concluded.complete(null);
    }
  }

  /**
   * @param tables this node's, as they are now; never older than at the call before
   * @param broken is told, once or more often, that the log has answered otherwise than was
   *     answered ahead
   */
  public Ahead(
      SessionId session,
      Supplier<? extends Tables> tables,
      Pipeline pipeline,
      Consumer<String> broken) {
    this.session = session;
    this.tables = tables;
    this.pipeline = pipeline;
    this.broken = broken;
  }

  /** Whether an operation is ever answered ahead, whatever leases there are. */
  public static boolean isEver(Operation operation) {
    return Traits.mayBeAhead(operation);
  }

  /** Whose work it is. */
  public SessionId session() {
    return session;
  }

  /**
   * Answers an operation ahead of the log, if it may be. What only others that wait for the log are
   * in the way of is not sent after them: or there would always be one under way.
   */
  public Attempt answer(Request request) {
    if (!Traits.mayBeAhead(request.operation())) {
      return Attempt.NOT_AHEAD;
    }
    Reply reply;
    Sent sent;
    Held touch = new Held();
    CompletableFuture<Reply> logged;
    synchronized (this) {
      try (Tables now = tables.get()) {
        if (settle(now.store()) < answered || isFull() || over) {
          return Attempt.NOT_AHEAD;
        }
        OverlayStore seen = new OverlayStore(rows.copy(), now.store(), ++last);
        reply = OperationEngine.ahead(session, granted, request, seen, touch);
        // Nobody has a lease of what is not there: the log may have it.
        if (reply.errno() == Errno.LEASED || reply.errno() == Errno.ESTALE) {
          return touch.inTheWay == null
              ? Attempt.NOT_AHEAD
              : new Attempt(null, touch.inTheWay.concluded, Set.of());
        }
        if (!reply.errno().isOk()) {
          return new Attempt(reply, null, Set.of());
        }
        Operation made = request.operation();
        sent =
            new Sent(
                last,
                Traits.isMissed(made),
                made,
                Set.of(),
                List.of(),
                seen.written(),
                seen.writtenBytes());
        logged = send(request.with(Standing.AHEAD), true, sent);
        rows = seen.rows();
        lastAhead = sent;
        unloggedBytes.addAndGet(Traits.bytes(made));
      }
      InodeId born = Traits.leased(request.operation());
      if (born != null && Traits.isAbout(born, reply)) {
        held.add(born);
      }
    }
    CompletableFuture<Reply> unused =
        logged.whenComplete((said, failure) -> compare(request, sent, reply, said, failure));
    if (logged.isDone() && !sent.isRepeated) {
      // The session is over: it must not be heard of later only.
      return new Attempt(Reply.failed(Errno.EIO), null, touch.touched);
    }
    return new Attempt(reply, null, touch.touched);
  }

  /** Lets an operation touch what is held, unless another one that waits for the log does. */
  private final class Held implements Touch {
    @Nullable Sent inTheWay;
    final Set<InodeId> touched = new HashSet<>();

    @Override
    @GuardedBy("Ahead.this")
    public boolean permits(
        InodeId inode, boolean isOrphan, @Nullable InodeId leased, boolean isOwn) {
      touched.add(inode);
      // An orphan may be freed by the log whoever has a lease of it.
      if (leased == null || !isOwn || !held.contains(leased) || isOrphan) {
        return false;
      }
      Set<Sent> waiting = waited.getOrDefault(inode, waited.get(leased));
      if (waiting != null) {
        inTheWay = waiting.iterator().next();
      }
      return waiting == null;
    }
  }

  private void compare(
      Request request, Sent sent, Reply ahead, @Nullable Reply said, @Nullable Throwable failure) {
    unloggedBytes.addAndGet(-Traits.bytes(request.operation()));
    sent.isRepeated = ahead.equals(said);
    sent.compared.complete(sent.isRepeated);
    if (!sent.isRepeated) {
      synchronized (this) {
        over = true;
        lose(sent);
      }
      broken.accept(
          request.operation()
              + " was answered "
              + ahead
              + " ahead, by the log "
              + (said == null ? failure : said));
    }
  }

  /** Counts what was answered and does not come about. */
  @GuardedBy("this")
  private void lose(Sent sent) {
    if (sent.isOwed && !sent.isLost) {
      sent.isLost = true;
      if (sent.ahead instanceof Operation.Write write) {
        lostWrites.add(write.inode());
      } else if (sent.ahead instanceof Operation.Create create) {
        lostFiles.add(create.inode());
      }
      int unusedCount = lost.incrementAndGet();
    }
  }

  /** The session is over: nothing is answered ahead any more, and what is on its way is lost. */
  public synchronized void end() {
    over = true;
    for (Sent sent : unapplied) {
      // Also what another thread is about to compare: whoever asks next must know.
      if (!sent.isRepeated) {
        lose(sent);
      }
    }
  }

  private synchronized void note(Sent sent) {
    sent.isConcluded = true;
    if (sent.sequence == UNSENT) {
      sent.dropped = true;
    } else if (sent.ahead == null) {
      answered = Math.max(answered, sent.sequence);
    }
    letGo(sent);
  }

  /** What waited for the log waits no more. */
  @GuardedBy("this")
  private void letGo(Sent sent) {
    if (!sent.dropped && !(sent.isConcluded && sent.isApplied)) {
      return;
    }
    for (InodeId inode : sent.touched) {
      Set<Sent> waiting = waited.get(inode);
      if (waiting != null && waiting.remove(sent) && waiting.isEmpty()) {
        waited.remove(inode);
      }
    }
  }

  @GuardedBy("this")
  private boolean isFull() {
    return unapplied.size() >= UNAPPLIED_MAX || unappliedBytes >= UNAPPLIED_BYTES_MAX;
  }

  @GuardedBy("this")
  private CompletableFuture<Reply> send(Request request, boolean forEver, Sent sent) {
    unapplied.add(sent);
    unappliedBytes += sent.writtenBytes;
    try {
      return pipeline.send(request, forEver, sent);
    } catch (RuntimeException | Error e) {
      // Whether it was sent is not known.
      over = true;
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Sends an operation that waits for the log.
   *
   * @param forEver not to give it up while the session lives
   * @return the log's answer; LEASED with the session's own number if something came in between:
   *     then it is made again
   */
  public CompletableFuture<Reply> submit(Request request, boolean forEver) {
    Operation operation = request.operation();
    synchronized (this) {
      Set<InodeId> touched;
      try (Tables now = tables.get()) {
        long unusedApplied = settle(now.store());
        touched = touched(request, now.store());
      }
      List<InodeId> returned =
          operation instanceof Operation.ReleaseLeases release ? release.inodes() : List.of();
      Sent sent = new Sent(++last, false, null, touched, returned, List.of(), 0);
      touched.forEach(inode -> waited.computeIfAbsent(inode, i -> new HashSet<>()).add(sent));
      for (InodeId inode : returned) {
        held.remove(inode);
        asked.remove(inode);
        returning.put(inode, sent);
      }
      InodeId leased = Traits.leased(operation);
      if (leased != null) {
        asked.put(leased, sent);
      }
      CompletableFuture<Reply> logged =
          send(request.with(new Standing.Beside(touched)), forEver, sent);
      return logged.whenComplete((reply, failure) -> grant(operation, sent, reply));
    }
  }

  private synchronized void grant(Operation operation, Sent sent, @Nullable Reply reply) {
    InodeId leased = Traits.leased(operation);
    boolean isLeased = reply != null && reply.errno().isOk() && Traits.isAbout(leased, reply);
    if (leased != null && asked.remove(leased, sent) && isLeased) {
      held.add(leased);
    }
  }

  /**
   * What an operation touches, as far as can be told from here: more than that does no harm, and
   * the log refuses it if there is less than leases of the session cover by then.
   */
  @GuardedBy("this")
  private Set<InodeId> touched(Request request, ReadStore now) {
    Set<InodeId> touched = new HashSet<>(Traits.named(request.operation()));
    if (!Traits.mayBeAhead(request.operation())) {
      return touched;
    }
    OverlayStore seen = new OverlayStore(rows.copy(), now, 0);
    Reply unused =
        OperationEngine.ahead(
            session,
            granted,
            request,
            seen,
            (inode, isOrphan, leased, isOwn) -> {
              touched.add(inode);
              return true;
            });
    return touched;
  }

  /**
   * What the session sees: this node's tables, and over them what was answered ahead.
   *
   * @param look takes the tables as they are now, never older than at a call before
   * @param make from both what is to be given back
   */
  public synchronized <T extends Tables, R> R look(Supplier<T> look, Look<T, R> make)
      throws ErrnoException {
    T now = look.get();
    try {
      if (!unapplied.isEmpty()) {
        long unusedApplied = settle(now.store());
      }
      boolean isPlain = unapplied.isEmpty();
      ReadStore seen = isPlain ? now.store() : new OverlayStore(rows.copy(), now.store(), 0);
      return make.of(now, seen, Set.copyOf(returning.keySet()));
    } catch (ErrnoException | RuntimeException | Error e) {
      now.close();
      throw e;
    }
  }

  /**
   * Whether an inode is as the session sees it whatever others have been told: a lease of the
   * session covers it, and nothing that waits for the log touches it.
   *
   * @param leased what that lease is of
   */
  public synchronized boolean isOwn(InodeId inode, InodeId leased) {
    return held.contains(leased) && !waited.containsKey(inode) && !waited.containsKey(leased);
  }

  /**
   * Completes when the log has answered all that was answered ahead before the call: with whether
   * that came about.
   */
  public synchronized CompletableFuture<Boolean> logged() {
    Sent sent = lastAhead;
    if (sent == null || sent.compared.isDone()) {
      return CompletableFuture.completedFuture(sent == null || sent.isRepeated);
    }
    // The log takes them in order, so what came before it is there if it is.
    pipeline.hurry();
    return sent.compared.copy();
  }

  /** How many bytes of files were answered ahead and are not in the log yet. */
  public long unloggedBytes() {
    return unloggedBytes.get();
  }

  /** How many operations were answered ahead, and lost since. */
  public int lost() {
    return lost.get();
  }

  /** The files whose bytes were in them, but for those that are lost themselves. */
  public Set<InodeId> lostWrites() {
    Set<InodeId> files = new HashSet<>(lostWrites);
    files.removeAll(lostFiles);
    return files;
  }

  /** When it is decided who has a lease that the session has given back; done if that is known. */
  public synchronized CompletableFuture<?> returned(InodeId inode) {
    Sent sent = returning.get(inode);
    return sent == null ? CompletableFuture.completedFuture(null) : sent.concluded;
  }

  /** See {@link #look}. */
  public interface Look<T, R> {
    /**
     * Makes something of the tables, which it owns from now on.
     *
     * @param seen what the session sees
     * @param returning inodes whose leases the session has given back, whatever {@code seen} says
     */
    R of(T tables, ReadStore seen, Set<InodeId> returning) throws ErrnoException;
  }

  /** Forgets what the tables have; the last operation of the session that they have. */
  @GuardedBy("this")
  private long settle(ReadStore now) {
    ClusterView.Session found = new ClusterView(now).session(session);
    long applied = found == null ? 0 : found.last();
    while (!unapplied.isEmpty()
        && (unapplied.peek().dropped || unapplied.peek().sequence <= applied)) {
      Sent sent = unapplied.remove();
      sent.written.forEach(place -> OverlayStore.settle(rows, place, sent.number));
      sent.isApplied = true;
      unappliedBytes -= sent.writtenBytes;
      letGo(sent);
      sent.returned.forEach(inode -> returning.remove(inode, sent));
    }
    return applied;
  }
}
