package io.pandofs.mount.vfs;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Waits;
import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.testing.LocalMetadataSession;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A session that is in trouble when a test says so: no majority, no numbers, a rival. */
public final class TestSession implements MetadataSession {

  private final LocalMetadataSession session;
  private volatile Errno refusal = Errno.OK;
  private volatile CompletableFuture<Void> numbers = CompletableFuture.completedFuture(null);
  private volatile CompletableFuture<Void> majority = CompletableFuture.completedFuture(null);
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile Runnable onInode = () -> {};

  private volatile Consumer<Operation> onApplied = operation -> {};
  private volatile Runnable onView = () -> {};

  public TestSession(LocalMetadataSession session) {
    this.session = session;
  }

  /** What changes are answered with from now on. */
  void refuse(Errno errno) {
    refusal = errno;
  }

  /** From now on who wants a block number waits for this. */
  void numbersAfter(CompletableFuture<Void> event) {
    numbers = event;
  }

  /** From now on changes are answered, and views opened, after this. */
  void majorityAfter(CompletableFuture<Void> event) {
    majority = event;
  }

  /** How many wait for one, or for a view. */
  int waiting() {
    return waiting.get();
  }

  /** Is run whenever an inode number has been given out. */
  void onInode(Runnable task) {
    onInode = task;
  }

  /** Is run when an operation has been applied, before its caller is answered. */
  public void onApplied(Consumer<Operation> task) {
    onApplied = task;
  }

  /** Is run before a view is opened. */
  public void onView(Runnable task) {
    onView = task;
  }

  @Override
  public SessionId id() {
    return session.id();
  }

  @Override
  public CompletableFuture<Reply> submit(Request request) {
    CompletableFuture<Reply> reply = session.submit(request);
    onApplied.accept(request.operation());
    return majority.thenCompose(none -> reply);
  }

  @Override
  public CompletableFuture<Reply> perform(Request request) {
    CompletableFuture<Reply> reply = session.perform(request);
    onApplied.accept(request.operation());
    return majority.thenCompose(none -> reply);
  }

  @Override
  public void onRenewal(Predicate<InodeId> alsoHeld) {
    session.onRenewal(alsoHeld);
  }

  @Override
  public long renewals() {
    return session.renewals();
  }

  @Override
  public CompletableFuture<Boolean> logged() {
    return session.logged();
  }

  @Override
  public int lost() {
    return session.lost();
  }

  @Override
  public CompletableFuture<Reply> commit(Request request) {
    return session.commit(request);
  }

  @Override
  public CompletableFuture<Reply> commitAhead(Request request) {
    return session.commitAhead(request);
  }

  @Override
  public long unloggedBytes() {
    return session.unloggedBytes();
  }

  @Override
  public boolean takesInline() {
    return session.takesInline();
  }

  @Override
  public Set<InodeId> lostWrites() {
    return session.lostWrites();
  }

  @Override
  public Errno refusal() {
    return refusal;
  }

  @Override
  public MetadataView view() throws ErrnoException {
    onView.run();
    waiting.incrementAndGet();
    Void unused = Waits.of(majority);
    waiting.decrementAndGet();
    return session.view();
  }

  @Override
  public InodeId nextInode() throws ErrnoException {
    InodeId inode = session.nextInode();
    onInode.run();
    return inode;
  }

  @Override
  public BlockId nextBlock() throws ErrnoException {
    waiting.incrementAndGet();
    numbers.join();
    waiting.decrementAndGet();
    return session.nextBlock();
  }

  @Override
  public void hold(InodeId inode) {
    session.hold(inode);
  }

  @Override
  public void release(InodeId inode) {
    session.release(inode);
  }

  @Override
  public void onLockGranted(LockWaiter waiter) {
    session.onLockGranted(waiter);
  }

  @Override
  public void onRecall(LeaseHolder holder) {
    session.onRecall(holder);
  }

  @Override
  public void onChange(ChangeWatcher watcher) {
    session.onChange(watcher);
  }

  @Override
  public long keepNanos() {
    return session.keepNanos();
  }

  @Override
  public CompletableFuture<Void> recall(SessionId holder, InodeId inode, Duration patience) {
    return session.recall(holder, inode, patience);
  }

  @Override
  public boolean surelyLives() {
    return session.surelyLives();
  }

  @Override
  public CompletableFuture<Void> expired() {
    return session.expired();
  }

  @Override
  public void close() {
    session.close();
  }
}
