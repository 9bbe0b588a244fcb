package io.pandofs.block.disks;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A store on a disk that breaks, or is full, when a test says so. */
public final class BreakableBlocks implements LocalBlocks {
  private final LocalBlocks real;
  private volatile boolean readsFail;
  private volatile boolean writesFail;
  private volatile boolean full;
  private final AtomicReference<@Nullable Runnable> onMiss = new AtomicReference<>();
  private volatile @Nullable IOException deletesFail;
  private volatile Runnable onUsage = () -> {};
  private final Set<BlockId> damaged = ConcurrentHashMap.newKeySet();
  private volatile long freeBytes = 1 << 30;

  public BreakableBlocks(LocalBlocks real) {
    this.real = real;
  }

  /** Answers EIO to all from now on. */
  public void breakDown() {
    readsFail = true;
    writesFail = true;
  }

  void breakWrites() {
    writesFail = true;
  }

  void fill(boolean now) {
    full = now;
  }

  /** What is done once, when a block was looked for and is not here. */
  void onNextMiss(Runnable step) {
    onMiss.set(step);
  }

  void failDeletes(IOException failure) {
    deletesFail = failure;
  }

  /** Its bytes do not match their checksum from now on. */
  void damage(BlockId block) {
    damaged.add(block);
  }

  /** What is done whenever somebody asks for the space. */
  void onUsage(Runnable step) {
    onUsage = step;
  }

  void free(long bytes) {
    freeBytes = bytes;
  }

  private void check(boolean fails) throws IOException {
    if (fails) {
      throw new IOException("EIO");
    }
  }

  @Override
  public CompletableFuture<Void> put(
      SessionId session, BlockId block, ByteBuffer bytes, int crc32c) {
    if (writesFail) {
      return CompletableFuture.failedFuture(new IOException("EIO"));
    }
    if (full) {
      return CompletableFuture.failedFuture(new StoreFullException("full"));
    }
    return real.put(session, block, bytes, crc32c);
  }

  @Override
  public void read(BlockId block, int offset, ByteBuffer into) throws IOException {
    check(readsFail);
    if (damaged.contains(block) && real.contains(block)) {
      throw new BlockCorruptException(block, "damaged");
    }
    real.read(block, offset, into);
  }

  @Override
  public @Nullable LocalBlock find(BlockId block) throws IOException {
    check(readsFail);
    LocalBlock found = real.find(block);
    Runnable step = found == null ? onMiss.getAndSet(null) : null;
    if (step != null) {
      step.run();
    }
    return found;
  }

  @Override
  public void delete(List<BlockId> blocks) throws IOException {
    check(writesFail);
    IOException failure = deletesFail;
    if (failure != null) {
      throw failure;
    }
    real.delete(blocks);
    damaged.removeAll(blocks);
  }

  @Override
  public List<LocalBlock> scan(long after, int limit) throws IOException {
    check(readsFail);
    return real.scan(after, limit);
  }

  @Override
  public Usage usage() {
    onUsage.run();
    Usage usage = real.usage();
    return new Usage(usage.blocks(), usage.usedBytes(), full ? 0 : freeBytes);
  }

  @Override
  public void close() {
    real.close();
  }
}
