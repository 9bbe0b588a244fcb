package io.pandofs.meta.testing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.Changes;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.log.LogReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A session of a {@link LocalTree}: every operation is applied before {@link #submit} returns. */
public final class LocalMetadataSession implements MetadataSession {
  private static final int NUMBERS = 1024;

  private final LocalTree tree;
  private final SessionId id;
  private final Ahead ahead;
  private final CompletableFuture<Void> expired = new CompletableFuture<>();

  private volatile @Nullable LeaseHolder leases;
  private volatile Predicate<InodeId> alsoHeld = inode -> false;
  private volatile @Nullable LockWaiter waiter;

  /** Guards the order of the calls; taken before the tree's lock. */
  private final Object order = new Object();

  @GuardedBy("order")
  private long sequence;

  @GuardedBy("order")
  private @Nullable List<Waiting> heldBack;

  @GuardedBy("order")
  private final Map<NumberKind, Range> numbers = new HashMap<>();

  private final Map<InodeId, Integer> held = new HashMap<>();

  private record Range(long next, long end) {}

  LocalMetadataSession(LocalTree tree, SessionId id) {
    this.tree = tree;
    this.id = id;
    this.ahead = new Ahead(id, () -> new Now(tree.copy()), this::send, how -> tree.expire(id));
  }

  /** What waits while operations are held back. */
  private record Waiting(
      Request request, Ahead.Progress progress, CompletableFuture<Reply> answer) {}

  private CompletableFuture<Reply> send(Request request, boolean forEver, Ahead.Progress progress) {
    Waiting one = new Waiting(request, progress, new CompletableFuture<>());
    synchronized (order) {
      if (heldBack != null && !expired.isDone()) {
        heldBack.add(one);
        return one.answer;
      }
    }
    Reply reply = apply(request, progress::numbered);
    progress.concluded();
    return CompletableFuture.completedFuture(reply);
  }

  /** From now on operations reach the log when {@link #letGo} is called. */
  public void holdBack() {
    synchronized (order) {
      heldBack = new ArrayList<>();
    }
  }

  /** Has those that were held back done. */
  public void letGo() {
    List<Waiting> all;
    synchronized (order) {
      all = heldBack == null ? List.of() : heldBack;
      heldBack = null;
    }
    for (Waiting one : all) {
      Reply reply = apply(one.request, one.progress::numbered);
      one.progress.concluded();
      one.answer.complete(reply);
    }
  }

  private record Now(ReadStore store) implements Ahead.Tables {
    @Override
    public void close() {}
  }

  @Override
  public SessionId id() {
    return id;
  }

  @Override
  public CompletableFuture<Reply> submit(Request request) {
    while (true) {
      CompletableFuture<Reply> answer = ahead.submit(request, false);
      Reply reply = answer.join();
      if (reply.errno() != Errno.LEASED || reply.number() != id.value()) {
        return answer;
      }
    }
  }

  @Override
  public CompletableFuture<Reply> commit(Request request) {
    return submit(request);
  }

  @Override
  public CompletableFuture<Reply> commitAhead(Request request) {
    return perform(request);
  }

  @Override
  public long unloggedBytes() {
    return ahead.unloggedBytes();
  }

  @Override
  public boolean takesInline() {
    return tree.takesInline();
  }

  @Override
  public Set<InodeId> lostWrites() {
    return ahead.lostWrites();
  }

  @Override
  public CompletableFuture<Reply> perform(Request request) {
    Ahead.Attempt attempt = ahead.answer(request);
    Reply reply = attempt.reply();
    if (reply != null) {
      tree.tell(new Changes(attempt.touched(), Map.of(), false));
    }
    return reply == null ? submit(request) : CompletableFuture.completedFuture(reply);
  }

  @Override
  public CompletableFuture<Boolean> logged() {
    return ahead.logged();
  }

  @Override
  public int lost() {
    return ahead.lost();
  }

  @Override
  public Errno refusal() {
    return Errno.OK;
  }

  private Reply apply(Request request, LongConsumer numbered) {
    synchronized (order) {
      numbered.accept(sequence + 1);
      LogReply reply = tree.submit(this, sequence + 1, request);
      if (reply.status() == LogReply.Status.FENCED) {
        return Reply.failed(Errno.EIO);
      }
      sequence++;
      return LocalTree.onlyReply(reply);
    }
  }

  @Override
  public MetadataView view() throws ErrnoException {
    if (expired.isDone()) {
      throw new ErrnoException(Errno.EIO);
    }
    return ahead.look(
        () -> new Now(tree.copy()),
        (now, seen, returning) -> TableView.of(id, returning, seen, tree.index(), () -> {}));
  }

  @Override
  public InodeId nextInode() throws ErrnoException {
    return new InodeId(next(NumberKind.INODE));
  }

  @Override
  public BlockId nextBlock() throws ErrnoException {
    return BlockId.ofSerial(next(NumberKind.BLOCK_SERIAL));
  }

  private long next(NumberKind kind) throws ErrnoException {
    synchronized (order) {
      Range range = numbers.getOrDefault(kind, new Range(0, 0));
      if (range.next() == range.end()) {
        Operation reserve = new Operation.ReserveNumbers(kind, NUMBERS);
        Reply reply = apply(new Request(reserve, Caller.ROOT, Timestamp.EPOCH), number -> {});
        if (!reply.errno().isOk()) {
          throw new ErrnoException(reply.errno());
        }
        range = new Range(reply.number(), reply.number() + NUMBERS);
      }
      numbers.put(kind, new Range(range.next() + 1, range.end()));
      return range.next();
    }
  }

  @Override
  public void hold(InodeId inode) {
    synchronized (held) {
      held.merge(inode, 1, Integer::sum);
    }
    tree.hold(inode);
  }

  @Override
  public void release(InodeId inode) {
    synchronized (held) {
      if (expired.isDone()) {
        return; // what it held went with it
      }
      if (!held.containsKey(inode)) {
        throw new IllegalStateException("released, but not held: " + inode);
      }
      held.computeIfPresent(inode, (ignored, count) -> count == 1 ? null : count - 1);
    }
    tree.release(inode);
  }

  @Override
  public void onRenewal(Predicate<InodeId> others) {
    alsoHeld = others;
  }

  @Override
  public long renewals() {
    return tree.reaps();
  }

  boolean alsoHolds(InodeId inode) {
    return !expired.isDone() && alsoHeld.test(inode);
  }

  /** All holds, which the session has no more. */
  List<InodeId> takeHeld() {
    synchronized (held) {
      List<InodeId> all = new ArrayList<>();
      held.forEach((inode, count) -> all.addAll(Collections.nCopies(count, inode)));
      held.clear();
      return all;
    }
  }

  @Override
  public void onRecall(LeaseHolder holder) {
    leases = holder;
  }

  @Override
  public void onChange(ChangeWatcher watcher) {
    tree.watch(watcher);
  }

  @Override
  public long keepNanos() {
    return expired.isDone() ? 0 : tree.keepNanos();
  }

  @Override
  public CompletableFuture<Void> recall(SessionId holder, InodeId inode, Duration patience) {
    return holder.equals(id)
        ? ahead.returned(inode).thenApply(known -> null)
        : tree.recall(holder, inode);
  }

  @Override
  public void onLockGranted(LockWaiter told) {
    waiter = told;
  }

  void lockGranted(long ticket) {
    LockWaiter told = waiter;
    if (told != null) {
      told.granted(ticket);
    }
  }

  /** Another session of the tree wants an inode. */
  CompletableFuture<Void> giveBack(InodeId inode) {
    LeaseHolder holder = leases;
    return holder == null
        ? expired.copy()
        : CompletableFuture.anyOf(holder.giveBack(inode), expired).thenAccept(given -> {});
  }

  @Override
  public boolean surelyLives() {
    return !expired.isDone();
  }

  @Override
  public CompletableFuture<Void> expired() {
    return expired;
  }

  void ended() {
    ahead.end();
    letGo();
    expired.complete(null);
  }

  @Override
  public void close() {
    tree.expire(id);
  }
}
