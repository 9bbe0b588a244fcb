package io.pandofs.mount.vfs;

import io.pandofs.block.Blocks;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Extent;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries sealed batches to the blocks and into the log: the blocks of all batches are put at once,
 * the commits of one file follow each other, each after the answer to the one before. A batch whose
 * placement has changed on the way (ESTALE) is put again. Thread-safe.
 */
final class WriteBack {

  private static final Logger LOG = LoggerFactory.getLogger(WriteBack.class);

  /** How often a batch is put again after a change of the placement map. */
  private static final int ATTEMPTS_MAX = 8;

  private final Sessions sessions;
  private final Blocks blocks;
  private final BufferPool pool;
  private final WriteBudget budget;
  private final LostData lostData;
  private final Executor workers;

  /**
   * @param budget charged for the buffers that short runs are gathered in, without waiting
   */
  WriteBack(
      Sessions sessions,
      Blocks blocks,
      BufferPool pool,
      WriteBudget budget,
      LostData lostData,
      Executor workers) {
    this.sessions = sessions;
    this.blocks = blocks;
    this.pool = pool;
    this.budget = budget;
    this.lostData = lostData;
    this.workers = workers;
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

  /** The same from a worker's thread, for whoever cannot wait for a put to be accepted. */
  void flushInBackground(OpenFile file) {
    workers.execute(
        () -> {
          CompletableFuture<Void> unused = flush(file);
        });
  }

  /**
   * Flushes and waits.
   *
   * @throws ErrnoException if data was lost meanwhile; it stays to be reported by the handles
   */
  void drain(OpenFile file) throws ErrnoException {
    long before = file.losses();
    flush(file).join();
    if (file.losses() != before) {
      throw new ErrnoException(file.lossErrno());
    }
  }

  /** Starts a sealed batch on its way, once; returns when its puts are issued. */
  void start(OpenFile file, OpenFile.Batch batch) {
    List<Packing.Packed> packed;
    try {
      packed = Packing.pack(batch.runs().values(), pool);
    } catch (OutOfMemoryError e) {
      LOG.error("no memory to gather written bytes of {}", file.inode(), e);
      settle(file, batch, Errno.ENOMEM);
      return;
    }
    budget.adjust(gatheredBytes(packed));
    CompletableFuture<Void> unused =
        carry(file, batch, packed, 1)
            .handle(
                (ok, error) -> {
                  giveBack(packed);
                  settle(file, batch, error == null ? null : lossOf(error));
                  if (error != null) {
                    tell(file, batch, error);
                  }
                  return null;
                });
  }

  private void settle(OpenFile file, OpenFile.Batch batch, @Nullable Errno lost) {
    if (file.settle(batch, lost) && lost != null) {
      lostData.unheard(file.inode(), lost);
    }
  }

  private CompletableFuture<Void> carry(
      OpenFile file, OpenFile.Batch batch, List<Packing.Packed> packed, int attempt) {
    MetadataSession session;
    try {
      session = sessions.current();
    } catch (ErrnoException e) {
      return batch.previous().thenCompose(ok -> CompletableFuture.failedFuture(e));
    }
    // Wait for the puts even if the batch is dropped meanwhile: they read its buffers.
    CompletableFuture<List<Placed>> puts = put(session, packed);
    return CompletableFuture.allOf(puts.handle((ok, error) -> null), batch.previous())
        .thenCompose(ok -> puts)
        .thenComposeAsync(placed -> commit(session, file, batch, placed), workers)
        .thenCompose(errno -> conclude(file, batch, packed, attempt, errno));
  }

  private CompletableFuture<Void> conclude(
      OpenFile file, OpenFile.Batch batch, List<Packing.Packed> packed, int attempt, Errno errno) {
    if (errno.isOk()) {
      return CompletableFuture.completedFuture(null);
    }
    if (errno != Errno.ESTALE || attempt == ATTEMPTS_MAX) {
      return CompletableFuture.failedFuture(new ErrnoException(errno));
    }
    return CompletableFuture.<Void>completedFuture(null)
        .thenComposeAsync(ok -> again(file, batch, packed, attempt + 1), workers);
  }

  private CompletableFuture<Void> again(
      OpenFile file, OpenFile.Batch batch, List<Packing.Packed> packed, int attempt) {
    try (MetadataView view = sessions.view()) {
      // ESTALE also says that the inode is gone; then there is nothing to put again for.
      view.attributes(file.inode());
    } catch (ErrnoException e) {
      return CompletableFuture.failedFuture(e);
    }
    return carry(file, batch, packed, attempt);
  }

  /** A block that is stable on a quorum, and what of the file it is. */
  private record Placed(Packing.Packed packed, BlockId block, StoredBlock stored) {}

  private CompletableFuture<List<Placed>> put(
      MetadataSession session, List<Packing.Packed> packed) {
    List<CompletableFuture<Placed>> puts = new ArrayList<>(packed.size());
    for (Packing.Packed one : packed) {
      try {
        BlockId block = session.nextBlock();
        puts.add(
            blocks
                .put(session.id(), block, one.bytes().duplicate())
                .thenApply(stored -> new Placed(one, block, stored)));
      } catch (ErrnoException | RuntimeException | Error e) {
        // Also for want of memory: a batch that is never settled would hang its writers.
        puts.add(CompletableFuture.failedFuture(e));
        break;
      }
    }
    return CompletableFuture.allOf(puts.toArray(CompletableFuture[]::new))
        .thenApply(ok -> puts.stream().map(CompletableFuture::join).toList());
  }

  private static CompletableFuture<Errno> commit(
      MetadataSession session, OpenFile file, OpenFile.Batch batch, List<Placed> placed) {
    if (batch.isDropped()) {
      return CompletableFuture.completedFuture(Errno.OK);
    }
    List<Extent> extents = new ArrayList<>();
    List<NewBlock> news = new ArrayList<>(placed.size());
    for (Placed one : placed) {
      StoredBlock stored = one.stored;
      news.add(
          new NewBlock(
              one.block,
              stored.length(),
              stored.crc32c(),
              stored.placementEpoch(),
              stored.holders()));
      for (Packing.Slice slice : one.packed.slices()) {
        extents.add(new Extent(slice.offset(), slice.length(), one.block, slice.blockOffset()));
      }
    }
    extents.sort(Comparator.comparingLong(Extent::offset));
    Operation write = new Operation.Write(file.inode(), extents, news);
    return session
        .submit(new Request(write, batch.writer(), batch.writtenAt()))
        .thenApply(Reply::errno);
  }

  private static long gatheredBytes(List<Packing.Packed> packed) {
    long bytes = 0;
    for (Packing.Packed one : packed) {
      bytes += one.gathered() == null ? 0 : one.gathered().capacity();
    }
    return bytes;
  }

  private void giveBack(List<Packing.Packed> packed) {
    budget.adjust(-gatheredBytes(packed));
    for (Packing.Packed one : packed) {
      if (one.gathered() != null) {
        pool.give(one.gathered());
      }
    }
  }

  private static Errno lossOf(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    boolean internal =
        cause instanceof ErrnoException e
            && (e.errno() == Errno.ESTALE || e.errno() == Errno.LEASED);
    if (cause instanceof ErrnoException e && !internal) {
      return e.errno();
    }
    return Errno.EIO;
  }

  private static void tell(OpenFile file, OpenFile.Batch batch, Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (cause instanceof ErrnoException || cause instanceof IOException) {
      LOG.warn(
          "{} written bytes of {} are lost: {}", batch.bytes(), file.inode(), cause.getMessage());
    } else {
      LOG.error("{} written bytes of {} are lost", batch.bytes(), file.inode(), cause);
    }
  }
}
