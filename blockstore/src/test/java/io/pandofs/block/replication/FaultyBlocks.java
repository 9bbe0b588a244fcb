package io.pandofs.block.replication;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A store whose disk can be made slow and bad at will. */
final class FaultyBlocks implements LocalBlocks {
  private final LocalBlocks real;
  private final Set<BlockId> damaged = ConcurrentHashMap.newKeySet();
  private final List<Runnable> heldPuts = new ArrayList<>();
  private boolean holdingPuts;
  private final AtomicInteger refusedPuts = new AtomicInteger();
  private final AtomicInteger takenBack = new AtomicInteger();
  private volatile @Nullable CountDownLatch readGate;
  private volatile @Nullable CountDownLatch findGate;
  private volatile boolean exhausted;
  private volatile @Nullable IOException refusal;
  private final Set<BlockId> stuck = ConcurrentHashMap.newKeySet();
  private volatile boolean unlistable;
  private volatile Consumer<BlockId> onDelete = block -> {};
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicInteger readsHeld = new AtomicInteger();

  FaultyBlocks(LocalBlocks real) {
    this.real = real;
  }

  /** Is told of each block before it is deleted, and may refuse by throwing. */
  void onDelete(Consumer<BlockId> told) {
    onDelete = told;
  }

  /** Puts reach the disk only after {@link #releasePuts}. */
  synchronized void holdPuts() {
    holdingPuts = true;
  }

  /** How many were not taken. */
  int refusedPuts() {
    return refusedPuts.get();
  }

  int putsTakenBack() {
    return takenBack.get();
  }

  synchronized int putsHeld() {
    return heldPuts.size();
  }

  void releasePuts() {
    List<Runnable> all;
    synchronized (this) {
      holdingPuts = false;
      all = List.copyOf(heldPuts);
      heldPuts.clear();
    }
    all.forEach(Runnable::run);
  }

  void holdReads() {
    readGate = new CountDownLatch(1);
  }

  /** How many were asked for. */
  int reads() {
    return reads.get();
  }

  int readsHeld() {
    return readsHeld.get();
  }

  void releaseReads() {
    CountDownLatch gate = readGate;
    readGate = null;
    if (gate != null) {
      gate.countDown();
    }
  }

  /** Nobody learns what is here before {@link #releaseFinds}. */
  void holdFinds() {
    findGate = new CountDownLatch(1);
  }

  void releaseFinds() {
    CountDownLatch gate = findGate;
    findGate = null;
    if (gate != null) {
      gate.countDown();
    }
  }

  /** Whether there is room for no block. */
  void fill(boolean now) {
    refuse(now ? new StoreFullException("full by the test") : null);
  }

  /** Takes no block, until null is given. */
  void refuse(@Nullable IOException why) {
    refusal = why;
  }

  /** The block cannot be deleted, nor others along with it. */
  void stick(BlockId block) {
    stuck.add(block);
  }

  /** Whether its table cannot be gone through. */
  void failScans(boolean now) {
    unlistable = now;
  }

  /** Whether reads find no memory. */
  void exhaust(boolean now) {
    exhausted = now;
  }

  /** The block is there and does not match its checksum, until it is written anew. */
  void damage(BlockId block) {
    damaged.add(block);
  }

  boolean isGood(BlockId block) throws IOException {
    return real.contains(block) && !damaged.contains(block);
  }

  @Override
  public CompletableFuture<Void> put(
      SessionId session, BlockId block, ByteBuffer bytes, int crc32c) {
    IOException refused = refusal;
    if (refused != null) {
      refusedPuts.incrementAndGet();
      return CompletableFuture.failedFuture(refused);
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    Runnable step = () -> realPut(session, block, bytes, crc32c, done);
    synchronized (this) {
      if (holdingPuts) {
        heldPuts.add(step);
        var unused =
            done.whenComplete(
                (stored, failure) -> {
                  if (done.isCancelled()) {
                    takenBack.incrementAndGet();
                  }
                });
        return done;
      }
    }
    step.run();
    return done;
  }

  private void realPut(
      SessionId session,
      BlockId block,
      ByteBuffer bytes,
      int crc32c,
      CompletableFuture<Void> done) {
    var unused =
        real.put(session, block, bytes, crc32c)
            .whenComplete(
                (stored, failure) -> {
                  if (failure == null) {
                    done.complete(null);
                  } else {
                    done.completeExceptionally(failure);
                  }
                });
  }

  @Override
  public void read(BlockId block, int offset, ByteBuffer into) throws IOException {
    reads.incrementAndGet();
    if (exhausted) {
      throw new OutOfMemoryError("planted");
    }
    CountDownLatch gate = readGate;
    if (gate != null) {
      readsHeld.incrementAndGet();
      pass(gate);
    }
    if (damaged.contains(block) && real.contains(block)) {
      into.put((byte) 0xbd);
      throw new BlockCorruptException(block, "damaged by the test");
    }
    real.read(block, offset, into);
  }

  @Override
  public @Nullable LocalBlock find(BlockId block) throws IOException {
    CountDownLatch gate = findGate;
    if (gate != null) {
      pass(gate);
    }
    return real.find(block);
  }

  private static void pass(CountDownLatch gate) throws IOException {
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void delete(List<BlockId> blocks) throws IOException {
    if (blocks.stream().anyMatch(stuck::contains)) {
      throw new IOException("stuck by the test");
    }
    blocks.forEach(onDelete);
    real.delete(blocks);
    blocks.forEach(damaged::remove);
  }

  @Override
  public List<LocalBlock> scan(long after, int limit) throws IOException {
    if (unlistable) {
      throw new IOException("unlistable by the test");
    }
    return real.scan(after, limit);
  }

  @Override
  public Usage usage() {
    return real.usage();
  }

  @Override
  public void close() {
    real.close();
  }
}
