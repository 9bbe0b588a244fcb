package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.Blocks;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Verified parts of blocks, least recently used first to go. A block never changes, so what is here
 * is right for ever. A buffer is pinned while someone loads or copies it and is used again only
 * after the last pin. Thread-safe; the lock is not held while loading.
 */
final class PieceCache {

  /** The unit of loading; the store keeps its checksums in the same unit. */
  static final int PIECE_BYTES = 64 << 10;

  private record Key(long block, int piece) {}

  private final Blocks blocks;
  private final BufferPool pool;
  private final long bytesMax;

  @GuardedBy("this")
  private final LinkedHashMap<Key, Piece> pieces = new LinkedHashMap<>(64, 0.75f, true);

  @GuardedBy("this")
  private long bytes;

  @GuardedBy("this")
  private long loadingBytes;

  PieceCache(Blocks blocks, BufferPool pool, long bytesMax) {
    this.blocks = blocks;
    this.pool = pool;
    this.bytesMax = bytesMax;
  }

  /**
   * A part {@code [from, to)} of one piece of a block, in bytes of the block.
   *
   * <p>An extent may cover only a part of a block, and the block's length is not known here: so
   * loads stay within the range that the asker knows to exist.
   */
  static final class Piece {
    private final Key key;
    private final int from;
    private final int to;
    private final ByteBuffer buffer;
    private final CompletableFuture<Void> loaded = new CompletableFuture<>();
    private int pins;
    private boolean evicted;

    private Piece(Key key, int from, int to, ByteBuffer buffer) {
      this.key = key;
      this.from = from;
      this.to = to;
      this.buffer = buffer;
    }

    /** Waits for the bytes and copies the block's {@code [start, end)}. */
    void copy(int start, int end, ByteBuffer into, int index) throws IOException {
      try {
        loaded.join();
      } catch (CompletionException e) {
        throw new IOException("cannot read " + new BlockId(key.block), e.getCause());
      }
      into.put(index, buffer, start - from, end - start);
    }
  }

  /** The piece that a byte of a block is in. */
  static int pieceOf(int blockOffset) {
    return blockOffset / PIECE_BYTES;
  }

  /**
   * The piece with at least {@code [from, to)} in it, loading or loaded, pinned.
   *
   * @param knownFrom the block is known to have bytes from here
   * @param knownTo to here
   */
  Piece pin(BlockId block, int from, int to, int knownFrom, int knownTo) {
    int number = pieceOf(from);
    Key key = new Key(block.value(), number);
    Piece piece;
    synchronized (this) {
      piece = pieces.get(key);
      if (piece != null && piece.from <= from && piece.to >= to) {
        piece.pins++;
        return piece;
      }
      if (piece != null) {
        drop(piece);
      }
      int start = Math.max(knownFrom, number * PIECE_BYTES);
      int end = Math.min(knownTo, (number + 1) * PIECE_BYTES);
      piece = new Piece(key, start, end, pool.take(end - start));
      piece.pins = 2;
      pieces.put(key, piece);
      bytes += piece.buffer.capacity();
      loadingBytes += piece.buffer.capacity();
      shrink();
    }
    load(block, piece);
    return piece;
  }

  private void load(BlockId block, Piece piece) {
    CompletableFuture<Void> read;
    try {
      read = blocks.read(block, piece.from, piece.buffer.slice(0, piece.to - piece.from));
    } catch (RuntimeException | Error e) {
      read = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<Void> unused =
        read.whenComplete(
            (ok, error) -> {
              if (error != null) {
                forget(piece);
                piece.loaded.completeExceptionally(error);
              } else {
                piece.loaded.complete(null);
              }
              loaded(piece);
            });
  }

  private synchronized void loaded(Piece piece) {
    loadingBytes -= piece.buffer.capacity();
    unpin(piece);
  }

  /** Whether there is room to load what nobody has asked for yet. */
  synchronized boolean mayReadAhead() {
    return loadingBytes < bytesMax / 2;
  }

  private synchronized void forget(Piece piece) {
    if (!piece.evicted) {
      drop(piece);
    }
  }

  synchronized void unpin(Piece piece) {
    piece.pins--;
    if (piece.pins == 0 && piece.evicted) {
      pool.give(piece.buffer);
    }
  }

  @GuardedBy("this")
  private void drop(Piece piece) {
    pieces.remove(piece.key);
    evict(piece);
  }

  @GuardedBy("this")
  private void evict(Piece piece) {
    piece.evicted = true;
    bytes -= piece.buffer.capacity();
    if (piece.pins == 0) {
      pool.give(piece.buffer);
    }
  }

  @GuardedBy("this")
  private void shrink() {
    Iterator<Piece> eldest = pieces.values().iterator();
    while (bytes > bytesMax && eldest.hasNext()) {
      Piece piece = eldest.next();
      if (piece.pins == 0) {
        eldest.remove();
        evict(piece);
      }
    }
  }

  synchronized long bytes() {
    return bytes;
  }
}
