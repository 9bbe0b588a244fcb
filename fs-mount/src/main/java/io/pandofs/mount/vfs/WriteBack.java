package io.pandofs.mount.vfs;

import io.pandofs.block.BlockConflictException;
import io.pandofs.block.Blocks;
import io.pandofs.block.PutsBusyException;
import io.pandofs.block.StoreFullException;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Extent;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries sealed batches to the blocks and into the log: the blocks of all batches are put at once,
 * the commits of one file follow each other, each after the answer to the one before. A batch whose
 * placement has changed on the way (ESTALE) is put again. Thread-safe.
 *
 * <p>What a program was told is written is kept as long as the session lives: while too few nodes
 * can be reached a batch is tried again and again, and only the calls that wait for it give up.
 * What no waiting would change (the nodes are full) is lost at once, and told.
 *
 * <p>To put may take a while: for a number from the leader, for room. So it is done by the writer
 * itself or by a <em>carrier</em>; the other threads of the mount never wait for it.
 */
final class WriteBack {

  private static final Logger LOG = LoggerFactory.getLogger(WriteBack.class);

  /**
   * A batch of no more bytes goes into the log as it is, one quorum round instead of two; more
   * would weigh on the log more than it saves.
   */
  static final int INLINE_BYTES_MAX = InlineBlock.BYTES_MAX;

  /** How often a batch is put again after a change of the placement map. */
  private static final int MISPLACED_MAX = 8;

  /** How often a commit is tried again that a living session answers EIO: it takes no more. */
  private static final int REFUSED_MAX = 8;

  private static final long PAUSE_MIN_MILLIS = 50;
  private static final long PAUSE_MAX_MILLIS = 2_000;

  private final Sessions sessions;
  private final Blocks blocks;
  private final BufferPool pool;
  private final WriteBudget budget;
  private final OpenFiles openFiles;
  private final LostData lostData;
  private final Clock clock;
  private final Executor workers;
  private final Executor carriers;
  private final Duration patience;
  private final BooleanSupplier isSpaceLow;

  /**
   * @param budget charged for the buffers that short runs are gathered in, without waiting
   * @param workers commit; nothing there waits
   * @param carriers put, and may wait for that
   * @param patience how long a call waits while nothing of what it needs is committed
   * @param isSpaceLow whether all must be put on the replicas, which say if there is room for it
   */
  WriteBack(
      Sessions sessions,
      Blocks blocks,
      BufferPool pool,
      WriteBudget budget,
      OpenFiles openFiles,
      LostData lostData,
      Clock clock,
      Executor workers,
      Executor carriers,
      Duration patience,
      BooleanSupplier isSpaceLow) {
    this.sessions = sessions;
    this.blocks = blocks;
    this.pool = pool;
    this.budget = budget;
    this.openFiles = openFiles;
    this.lostData = lostData;
    this.clock = clock;
    this.workers = workers;
    this.carriers = carriers;
    this.patience = patience;
    this.isSpaceLow = isSpaceLow;
  }

  /**
   * Seals what is dirty and starts it on its way; the caller's thread issues the puts. Completes,
   * never fails, when all that was written by now is committed or lost.
   */
  CompletableFuture<Void> flush(OpenFile file) {
    OpenFile.Batch batch = file.seal();
    if (batch != null) {
      start(file, batch);
    }
    return file.tail();
  }

  /**
   * The same from a carrier's thread, for whoever must not wait. While carriers cannot begin with a
   * file it is in their queue once, however often this is asked for.
   */
  CompletableFuture<Void> flushInBackground(OpenFile file) {
    if (!file.isUnsealed()) {
      return file.tail();
    }
    CompletableFuture<Void> mine = new CompletableFuture<>();
    CompletableFuture<Void> queued = file.queueFlush(mine);
    if (queued == mine) {
      enqueue(file, mine);
    }
    return queued.thenCompose(ok -> file.tail());
  }

  private void enqueue(OpenFile file, CompletableFuture<Void> flush) {
    try {
      CompletableFuture<Void> unused =
          flush.completeAsync(
              () -> {
                file.flushBegins();
                CompletableFuture<Void> unusedTail = flush(file);
                return null;
              },
              carriers);
    } catch (RejectedExecutionException e) {
      // The mount is closed, and what was not committed is lost.
      file.flushBegins();
      flush.complete(null);
    }
  }

  /**
   * Flushes and waits.
   *
   * @throws ErrnoException as the quorum-loss policy says, at once, while it refuses changes; EIO
   *     if nothing of it is committed for longer than the patience. What was written is kept, and
   *     tried again
   */
  void await(OpenFile file) throws ErrnoException {
    await(List.of(file));
  }

  /** Flushes and waits for several, as above. */
  void await(List<OpenFile> files) throws ErrnoException {
    List<CompletableFuture<Void>> batches = new ArrayList<>();
    for (OpenFile file : files) {
      CompletableFuture<Void> unused = flush(file);
    }
    for (OpenFile file : files) {
      batches.addAll(file.unsettled());
    }
    new Settling(clock, patience, () -> sessions.present().refusal()).await(batches);
  }

  /**
   * Waits until the log has what calls were answered ahead of it.
   *
   * @throws ErrnoException as {@link #await}; EIO if it is lost
   */
  void awaitLogged() throws ErrnoException {
    CompletableFuture<Boolean> logged = sessions.current().logged();
    if (!logged.isDone()) {
      CompletableFuture<Void> done = logged.thenAccept(came -> {});
      new Settling(clock, patience, () -> sessions.present().refusal()).await(List.of(done));
    }
    if (!logged.join()) {
      throw new ErrnoException(Errno.EIO, "changes are lost with their session");
    }
  }

  /**
   * Flushes and waits.
   *
   * @param since the number of a loss
   * @throws ErrnoException as {@link #await}, and if data was lost after that loss; it stays to be
   *     told by the handles
   */
  void drain(OpenFile file, long since) throws ErrnoException {
    await(file);
    Errno lost = lostData.untold(file.inode(), since);
    if (lost != null) {
      throw new ErrnoException(lost);
    }
  }

  /** A batch on its way. */
  private static final class Carried {
    final OpenFile file;
    final OpenFile.Batch batch;
    final List<Piece> pieces;
    final boolean isInline;
    int misplaced;
    int refused;
    long pauseMillis = PAUSE_MIN_MILLIS;

    Carried(OpenFile file, OpenFile.Batch batch, List<Packing.Packed> packed, boolean isInline) {
      this.file = file;
      this.batch = batch;
      this.pieces = packed.stream().map(Piece::new).toList();
      this.isInline = isInline;
    }
  }

  /** One block of it, its number once it has one, and what is known when a quorum holds it. */
  private static final class Piece {
    final Packing.Packed packed;
    @Nullable BlockId block;
    @Nullable StoredBlock stored;

    Piece(Packing.Packed packed) {
      this.packed = packed;
    }
  }

  /** Starts a sealed batch on its way, once; returns when its puts are issued. */
  void start(OpenFile file, OpenFile.Batch batch) {
    List<Packing.Packed> packed = List.of();
    CompletableFuture<Void> carried;
    try {
      packed = Packing.pack(batch.runs().values(), pool);
      budget.adjust(gatheredBytes(packed));
      carried = carry(new Carried(file, batch, packed, goesIntoTheLog(batch)));
    } catch (Throwable e) {
      // Want of memory above all. Who waits for a batch that is never settled waits for ever.
      carried = CompletableFuture.failedFuture(e);
    }
    List<Packing.Packed> blocksOfIt = packed;
    CompletableFuture<Void> unused =
        carried.handle(
            (ok, error) -> {
              budget.adjust(-gatheredBytes(blocksOfIt));
              Packing.giveBack(blocksOfIt, pool);
              if (error != null) {
                tell(file, batch, error);
              }
              settle(file, batch, error == null ? null : lossOf(cause(error)));
              return null;
            });
  }

  private boolean goesIntoTheLog(OpenFile.Batch batch) {
    return batch.bytes() <= INLINE_BYTES_MAX
        && !isSpaceLow.getAsBoolean()
        && sessions.present().takesInline();
  }

  private void settle(OpenFile file, OpenFile.Batch batch, @Nullable Errno lost) {
    file.settle(batch, lost);
    // It may have been the last that kept the file in mind.
    openFiles.tidy(file);
  }

  /** Completes when the batch is committed or dropped; fails when it can never be committed. */
  private CompletableFuture<Void> carry(Carried carried) {
    if (carried.batch.isDropped()) {
      return CompletableFuture.completedFuture(null);
    }
    return sent(sessions.present(), carried)
        .thenCompose(errno -> conclude(carried, errno))
        .handle((ok, error) -> error == null ? null : cause(error))
        .thenCompose(
            error ->
                error == null
                    ? CompletableFuture.<Void>completedFuture(null)
                    : goOn(carried, error));
  }

  private CompletableFuture<Errno> sent(MetadataSession session, Carried carried) {
    CompletableFuture<Void> previous = carried.batch.previous();
    if (!carried.isInline) {
      // Wait for the puts even if the batch is dropped meanwhile: they read its buffers.
      CompletableFuture<Void> puts = put(session, carried);
      return CompletableFuture.allOf(puts.handle((ok, error) -> null), previous)
          .thenCompose(ok -> puts)
          .thenComposeAsync(ok -> commit(session, carried), workers);
    }
    try {
      for (Piece piece : carried.pieces) {
        piece.block = piece.block == null ? session.nextBlock() : piece.block;
      }
    } catch (ErrnoException e) {
      return CompletableFuture.failedFuture(e);
    }
    // Mostly answered at once, ahead of the log: not worth another thread.
    return previous.isDone()
        ? commit(session, carried)
        : previous.thenComposeAsync(ok -> commit(session, carried), workers);
  }

  private CompletableFuture<Void> conclude(Carried carried, Errno errno) {
    if (errno.isOk()) {
      return CompletableFuture.completedFuture(null);
    }
    carried.refused += errno == Errno.EIO ? 1 : 0;
    if (errno != Errno.ESTALE || ++carried.misplaced == MISPLACED_MAX) {
      return CompletableFuture.failedFuture(new ErrnoException(errno));
    }
    for (Piece piece : carried.pieces) {
      piece.block = null;
      piece.stored = null;
    }
    return CompletableFuture.<Void>completedFuture(null)
        .thenComposeAsync(ok -> again(carried), carriers);
  }

  private CompletableFuture<Void> again(Carried carried) {
    try (MetadataView view = sessions.view()) {
      // ESTALE also says that the inode is gone; then there is nothing to put again for.
      view.attributes(carried.file.inode());
    } catch (ErrnoException e) {
      return CompletableFuture.failedFuture(e);
    }
    return carry(carried);
  }

  /** Tries again after a pause what may work later, as long as the session lives. */
  private CompletableFuture<Void> goOn(Carried carried, Throwable error) {
    if (carried.batch.isDropped()) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> over = sessions.present().expired();
    if (!isPassing(error) || carried.refused == REFUSED_MAX || over.isDone()) {
      return CompletableFuture.failedFuture(error);
    }
    if (carried.pauseMillis == PAUSE_MIN_MILLIS) {
      LOG.warn(
          "written bytes of {} cannot be committed now, and are kept: {}",
          carried.file.inode(),
          error.getMessage());
    }
    CompletableFuture<Void> pause =
        new CompletableFuture<Void>()
            .completeOnTimeout(null, carried.pauseMillis, TimeUnit.MILLISECONDS);
    carried.pauseMillis = Math.min(2 * carried.pauseMillis, PAUSE_MAX_MILLIS);
    return CompletableFuture.anyOf(pause, over).thenComposeAsync(ok -> carry(carried), carriers);
  }

  /** Whether more nodes, another leader or the end of the session would change it. */
  private static boolean isPassing(Throwable error) {
    return error instanceof ErrnoException e
        ? e.errno() == Errno.EIO || e.errno() == Errno.EROFS
        : error instanceof IOException
            && !(error instanceof StoreFullException)
            && !(error instanceof BlockConflictException);
  }

  private static boolean isBusy(CompletableFuture<StoredBlock> put) {
    return put.handle((stored, failure) -> failure instanceof PutsBusyException).getNow(false);
  }

  private CompletableFuture<Void> put(MetadataSession session, Carried carried) {
    List<CompletableFuture<Void>> puts = new ArrayList<>(carried.pieces.size());
    for (Piece piece : carried.pieces) {
      if (piece.stored != null) {
        continue;
      }
      try {
        BlockId block = piece.block == null ? session.nextBlock() : piece.block;
        piece.block = block;
        CompletableFuture<StoredBlock> put =
            blocks.put(session.id(), block, piece.packed.bytes().duplicate());
        puts.add(put.thenAccept(stored -> piece.stored = stored));
        if (isBusy(put)) {
          break; // The next one would wait for room as long again.
        }
      } catch (ErrnoException | RuntimeException | Error e) {
        // Also for want of memory: a batch that is never settled would hang its writers.
        puts.add(CompletableFuture.failedFuture(e));
        break;
      }
    }
    return CompletableFuture.allOf(puts.toArray(CompletableFuture[]::new))
        .exceptionallyCompose(error -> CompletableFuture.failedFuture(worst(puts, cause(error))));
  }

  /** Of all failures one that stays, if there is one. */
  private static Throwable worst(List<CompletableFuture<Void>> puts, Throwable any) {
    Throwable worst = any;
    for (CompletableFuture<Void> put : puts) {
      Throwable error = put.handle((ok, failure) -> failure).join();
      if (error != null && !isPassing(cause(error))) {
        worst = cause(error);
      }
    }
    return worst;
  }

  private static CompletableFuture<Errno> commit(MetadataSession session, Carried carried) {
    OpenFile.Batch batch = carried.batch;
    if (batch.isDropped()) {
      return CompletableFuture.completedFuture(Errno.OK);
    }
    List<Extent> extents = new ArrayList<>();
    List<NewBlock> news = new ArrayList<>(carried.pieces.size());
    List<InlineBlock> inline = new ArrayList<>(0);
    for (Piece piece : carried.pieces) {
      BlockId block = Objects.requireNonNull(piece.block);
      if (carried.isInline) {
        inline.add(inline(block, piece.packed.bytes().duplicate()));
      } else {
        StoredBlock stored = Objects.requireNonNull(piece.stored);
        news.add(
            new NewBlock(
                block,
                stored.length(),
                stored.crc32c(),
                stored.placementEpoch(),
                stored.holders()));
      }
      for (Packing.Slice slice : piece.packed.slices()) {
        extents.add(new Extent(slice.offset(), slice.length(), block, slice.blockOffset()));
      }
    }
    extents.sort(Comparator.comparingLong(Extent::offset));
    Operation write = new Operation.Write(carried.file.inode(), extents, news, inline);
    Request request = new Request(write, batch.writer(), batch.writtenAt());
    return session.commitAhead(request).thenApply(Reply::errno);
  }

  private static InlineBlock inline(BlockId block, ByteBuffer source) {
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    return new InlineBlock(block, bytes, Checksums.crc32c(bytes, 0, bytes.length));
  }

  private static long gatheredBytes(List<Packing.Packed> packed) {
    long bytes = 0;
    for (Packing.Packed one : packed) {
      bytes += one.gathered() == null ? 0 : one.gathered().capacity();
    }
    return bytes;
  }

  private static Throwable cause(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : null;
    return cause == null ? error : cause;
  }

  private static Errno lossOf(Throwable cause) {
    boolean internal =
        cause instanceof ErrnoException e
            && (e.errno() == Errno.ESTALE || e.errno() == Errno.LEASED);
    if (cause instanceof StoreFullException) {
      return Errno.ENOSPC;
    }
    if (cause instanceof OutOfMemoryError) {
      return Errno.ENOMEM;
    }
    return cause instanceof ErrnoException e && !internal ? e.errno() : Errno.EIO;
  }

  private static void tell(OpenFile file, OpenFile.Batch batch, Throwable error) {
    Throwable cause = cause(error);
    if (cause instanceof ErrnoException || cause instanceof IOException) {
      LOG.error(
          "{} written bytes of {} are lost: {}", batch.bytes(), file.inode(), cause.getMessage());
    } else {
      LOG.error("{} written bytes of {} are lost", batch.bytes(), file.inode(), cause);
    }
  }
}
