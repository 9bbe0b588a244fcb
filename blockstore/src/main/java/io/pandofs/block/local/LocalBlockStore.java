package io.pandofs.block.local;

import io.pandofs.block.Blocks;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.StoreRefusedException;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's own blocks on one disk.
 *
 * <p>Puts queue up for the {@link Committer}; their bytes stay the caller's, so the caller's budget
 * bounds them. Futures complete on the committer's thread: what hangs on them must not block, and
 * must not call {@link #delete} or {@link #close}. Reads run on the caller's thread.
 *
 * <p>Native memory is {@link LocalBlockOptions#memoryBytes} for caches and write buffers, about as
 * much again at most for open table files and compaction, and what glibc's arenas add: run the node
 * with {@code MALLOC_ARENA_MAX=2}. Direct buffers: 64 KiB for each of up to 16 readers kept, and
 * one block for the tidier.
 */
public final class LocalBlockStore implements LocalBlocks {
  private static final Logger LOG = LoggerFactory.getLogger(LocalBlockStore.class);

  private final LocalBlockOptions options;
  private final StoreHome home;
  private final Tables tables;
  private final Segments segments;
  private final Damage damage;
  private final BlockReader reader;
  private final Committer committer;
  private final Tidier tidier;
  private final Gate gate = new Gate();
  private final AtomicBoolean isClosed = new AtomicBoolean();

  private LocalBlockStore(
      LocalBlockOptions options,
      StoreHome home,
      Tables tables,
      Segments segments,
      Clock clock,
      ScheduledExecutorService scheduler) {
    this.options = options;
    this.home = home;
    this.tables = tables;
    this.segments = segments;
    this.damage = new Damage(home, clock);
    this.reader = new BlockReader(tables, damage);
    this.committer = new Committer(tables, segments, home, options, damage, this::changed);
    Copier copier = new Copier(tables, segments, reader, committer, home.incoming());
    this.tidier = new Tidier(tables, segments, committer, copier, home, options, clock, scheduler);
  }

  /**
   * Gives a store that is not open to another node of the same volume: blocks are never changed and
   * their numbers never used again, so a copy is as good there. Nothing happens when there is no
   * store, or when it has none of the stamps of before.
   *
   * @throws io.pandofs.block.StoreRefusedException its stamp cannot be read
   */
  public static void takeOver(Path directory, Collection<UUID> before, UUID now)
      throws IOException {
    if (isIn(directory)) {
      StoreHome home = new StoreHome(directory);
      UUID found = home.stamp();
      if (found != null && before.contains(found)) {
        home.stamp(now);
      }
    }
  }

  /**
   * Opens the store, or makes it when the directory is empty.
   *
   * @param scheduler runs the background steps, each of which may take as long as copying a
   *     segment; not closed with the store
   * @throws io.pandofs.block.StoreRefusedException the store is damaged, of a newer version, open
   *     elsewhere, or another incarnation's
   * @throws IOException the directory cannot be used
   */
  public static LocalBlockStore open(
      LocalBlockOptions options, Clock clock, ScheduledExecutorService scheduler)
      throws IOException {
    StoreHome home = new StoreHome(options.directory());
    Recovery recovery = new Recovery(options, home);
    Tables tables = recovery.open();
    try {
      LocalBlockStore store =
          new LocalBlockStore(options, home, tables, recovery.segments(tables), clock, scheduler);
      store.committer.start();
      store.tidier.wake();
      return store;
    } catch (IOException | RuntimeException e) {
      tables.close();
      throw e;
    }
  }

  /**
   * Moves a damaged store, which is not open, into the subdirectory {@code damaged}, so that {@link
   * #open} makes a new one; nothing of it is deleted.
   *
   * @throws IOException it cannot be moved, or one that was set aside before is still there
   */
  public static void setAside(Path directory) throws IOException {
    new StoreHome(directory).setAside();
  }

  /** Whether {@link #setAside} was begun here, and interrupted. */
  public static boolean isHalfAside(Path directory) throws IOException {
    return new StoreHome(directory).hasPartAside();
  }

  /** Whether a store was found damaged when it was open. */
  public static boolean isNotedDamaged(Path directory) throws IOException {
    return new StoreHome(directory).noted() != null;
  }

  /** Where {@link #setAside} puts what it finds in a directory. */
  public static Path aside(Path directory) {
    return StoreHome.aside(directory);
  }

  /** Whether a damaged store was set aside here and is still there. */
  public static boolean hasAside(Path directory) {
    return Files.exists(aside(directory));
  }

  /** Whether the store in the directory says, readably, that it is of one of these stamps. */
  public static boolean isOf(Path directory, Collection<UUID> stamps) throws IOException {
    try {
      UUID found = isIn(directory) ? new StoreHome(directory).stamp() : null;
      return found != null && stamps.contains(found);
    } catch (StoreRefusedException e) {
      return false;
    }
  }

  /** Whether there is a store in the directory, which {@link #open} would not make anew. */
  public static boolean isIn(Path directory) {
    return StoreHome.isIn(directory);
  }

  private void changed() {
    tidier.wake();
  }

  @Override
  public CompletableFuture<Void> put(
      SessionId session, BlockId block, ByteBuffer bytes, int crc32c) {
    int length = bytes.remaining();
    if (length == 0 || length > Blocks.BLOCK_BYTES_MAX) {
      throw new IllegalArgumentException("a block of " + length + " bytes");
    }
    Work.Put put = new Work.Put(session, block, bytes.slice(), crc32c, new CompletableFuture<>());
    committer.submit(put);
    var unused =
        put.done()
            .whenComplete(
                (done, failure) -> {
                  if (put.done().isCancelled()) {
                    committer.forget(put);
                  }
                });
    return put.done();
  }

  @Override
  public void read(BlockId block, int offset, ByteBuffer into) throws IOException {
    gate.enter();
    try {
      reader.read(block, offset, into);
    } finally {
      gate.leave();
    }
  }

  @Override
  public @Nullable LocalBlock find(BlockId block) throws IOException {
    gate.enter();
    try {
      LocationRow row = tables.location(block.value());
      return row == null ? null : told(block.value(), row);
    } catch (RocksDBException | DamagedRowException e) {
      throw damage.of("the row of " + block + " cannot be read", e);
    } finally {
      gate.leave();
    }
  }

  private static LocalBlock told(long block, LocationRow row) {
    return new LocalBlock(
        new BlockId(block), new SessionId(row.session()), row.length(), row.crc32c());
  }

  @Override
  public void delete(List<BlockId> blocks) throws IOException {
    if (blocks.isEmpty()) {
      return;
    }
    List<BlockId> distinct = blocks.stream().distinct().toList();
    Work.Delete delete = new Work.Delete(distinct, new CompletableFuture<>());
    committer.submit(delete);
    Waiting.on(delete.done());
  }

  @Override
  public List<LocalBlock> scan(long after, int limit) throws IOException {
    gate.enter();
    try {
      List<LocalBlock> found = new ArrayList<>();
      tables.locationsAfter(after, limit, (block, row) -> found.add(told(block, row)));
      return found;
    } catch (RocksDBException | DamagedRowException e) {
      throw damage.of("the table of blocks cannot be read", e);
    } finally {
      gate.leave();
    }
  }

  @Override
  public Usage usage() {
    return new Usage(segments.blocks(), segments.liveBytes(), freeBytes());
  }

  private long freeBytes() {
    try {
      return Math.max(0, home.usableBytes() - options.reserveBytes());
    } catch (IOException e) {
      LOG.warn("the free space of the block store is not known: {}", e.toString());
      return 0;
    }
  }

  /** Tidies up as at rest until there is nothing left to do, without keeping to the pace. */
  void tidyAll() throws IOException {
    gate.enter();
    try {
      long moved = tidier.tidy(true);
      while (moved > 0) {
        moved = tidier.tidy(true);
      }
    } catch (RocksDBException e) {
      throw new IOException(e);
    } finally {
      gate.leave();
    }
  }

  /** Takes no more work, finishes what is queued, and waits for readers to leave. */
  @Override
  public void close() {
    if (!isClosed.compareAndSet(false, true)) {
      return;
    }
    tidier.close();
    committer.close();
    gate.close();
    tables.close();
  }
}
