package io.pandofs.mount.vfs;

import io.pandofs.block.BlockConflictException;
import io.pandofs.block.Blocks;
import io.pandofs.block.PutsBusyException;
import io.pandofs.block.StoreFullException;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.SessionId;
import io.pandofs.meta.testing.LocalTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * The cluster's blocks as a map in memory, shared by all mounts of a test. Puts can be held back,
 * made to fail, or made to name an epoch that the tables refuse.
 */
public final class MemoryBlocks implements Blocks {

  private final LocalTree tree;
  private final ConcurrentHashMap<BlockId, byte[]> blocks = new ConcurrentHashMap<>();
  private final AtomicInteger putsToFail = new AtomicInteger();
  private final AtomicInteger putsToContradict = new AtomicInteger();
  private volatile IntPredicate full = bytes -> false;
  private final AtomicInteger putsToRefuse = new AtomicInteger();
  private final AtomicInteger putsToTurnAway = new AtomicInteger();
  private final List<BlockId> tried = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger putsToMisplace = new AtomicInteger();
  private final AtomicInteger readsToFail = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicInteger readsHeld = new AtomicInteger();
  private volatile Predicate<String> readsHeldOf = thread -> false;
  private volatile CountDownLatch readsGo = new CountDownLatch(0);
  private final AtomicLong largest = new AtomicLong();
  private final List<Runnable> held = new ArrayList<>();
  private boolean holding;

  public MemoryBlocks(LocalTree tree) {
    this.tree = tree;
  }

  /** The next puts find another block under their number. */
  void contradictPuts(int count) {
    putsToContradict.set(count);
  }

  /** Puts of these sizes find no space. */
  void fillUp(IntPredicate sizes) {
    full = sizes;
  }

  /** The next puts fail for good: there is no space. */
  public void failPuts(int count) {
    putsToFail.set(count);
  }

  /** The next puts fail for want of nodes, as they would not later. */
  void refusePuts(int count) {
    putsToRefuse.set(count);
  }

  int refusesLeft() {
    return putsToRefuse.get();
  }

  /** The next puts have waited for room in vain. */
  void turnPutsAway(int count) {
    putsToTurnAway.set(count);
  }

  /** The blocks of all puts, in their order. */
  List<BlockId> tried() {
    return List.copyOf(tried);
  }

  /** The next puts end up where the placement map no longer says. */
  public void misplacePuts(int count) {
    putsToMisplace.set(count);
  }

  public void failReads(int count) {
    readsToFail.set(count);
  }

  /** Reads of these threads do not return before {@link #letReadsGo}, as of a disk that hangs. */
  void holdReads(Predicate<String> threads) {
    readsHeldOf = threads;
    readsGo = new CountDownLatch(1);
  }

  void letReadsGo() {
    readsHeldOf = thread -> false;
    readsGo.countDown();
  }

  int readsHeld() {
    return readsHeld.get();
  }

  private void waitIfHeld() {
    if (readsHeldOf.test(Thread.currentThread().getName())) {
      readsHeld.incrementAndGet();
      try {
        readsGo.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** From now on no put completes before {@link #letGo}. */
  public synchronized void hold() {
    holding = true;
  }

  public void letGo() {
    List<Runnable> waiting;
    synchronized (this) {
      holding = false;
      waiting = List.copyOf(held);
      held.clear();
    }
    waiting.forEach(Runnable::run);
  }

  /** Completes the oldest put that is held back, if there is one. */
  void letOneGo() {
    Runnable first;
    synchronized (this) {
      first = held.isEmpty() ? () -> {} : held.remove(0);
    }
    first.run();
  }

  synchronized int held() {
    return held.size();
  }

  public int count() {
    return blocks.size();
  }

  int reads() {
    return reads.get();
  }

  long largest() {
    return largest.get();
  }

  @Override
  public CompletableFuture<StoredBlock> put(SessionId session, BlockId block, ByteBuffer bytes) {
    tried.add(block);
    if (take(putsToTurnAway)) {
      return CompletableFuture.failedFuture(new PutsBusyException("planted"));
    }
    CompletableFuture<StoredBlock> done = new CompletableFuture<>();
    Runnable finish = () -> finish(block, bytes, done);
    synchronized (this) {
      if (holding) {
        held.add(finish);
        return done;
      }
    }
    finish.run();
    return done;
  }

  /** Copies only now: a buffer that changed while the put was under way shows. */
  private void finish(BlockId block, ByteBuffer bytes, CompletableFuture<StoredBlock> done) {
    if (take(putsToFail)) {
      done.completeExceptionally(new StoreFullException("planted"));
      return;
    }
    if (take(putsToContradict)) {
      done.completeExceptionally(new BlockConflictException(block, "planted"));
      return;
    }
    if (full.test(bytes.remaining())) {
      done.completeExceptionally(new StoreFullException("planted"));
      return;
    }
    if (take(putsToRefuse)) {
      done.completeExceptionally(new IOException("no quorum"));
      return;
    }
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    largest.accumulateAndGet(copy.length, Math::max);
    byte[] before = blocks.putIfAbsent(block, copy);
    if (before != null && !Arrays.equals(before, copy)) {
      done.completeExceptionally(new IllegalStateException("block number used twice: " + block));
      return;
    }
    long epoch = tree.placementEpoch() + (take(putsToMisplace) ? 1 : 0);
    done.complete(
        new StoredBlock(
            copy.length, Checksums.crc32c(copy, 0, copy.length), epoch, List.of(tree.node())));
  }

  private static boolean take(AtomicInteger left) {
    return left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
  }

  @Override
  public CompletableFuture<Void> read(BlockId block, int offset, ByteBuffer into) {
    reads.incrementAndGet();
    waitIfHeld();
    byte[] bytes = blocks.get(block);
    if (bytes == null || take(readsToFail)) {
      return CompletableFuture.failedFuture(new IOException("no good copy of " + block));
    }
    if (offset + into.remaining() > bytes.length) {
      return CompletableFuture.failedFuture(new IOException("beyond the end of " + block));
    }
    into.duplicate().put(bytes, offset, into.remaining());
    return CompletableFuture.completedFuture(null);
  }
}
