package io.pandofs.block.local;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Lends {@link Piece} buffers. Keeps at most {@link #KEPT}: direct memory of this store is bounded
 * by that and by how many threads read at once. (Not a thread-local: callers may be thousands of
 * short-lived threads.)
 */
final class PiecePool {
  private static final int KEPT = 16;

  private final ArrayBlockingQueue<Piece> idle = new ArrayBlockingQueue<>(KEPT);

  Piece borrow() {
    Piece piece = idle.poll();
    return piece != null ? piece : new Piece();
  }

  @SuppressWarnings("CheckReturnValue")
  void giveBack(Piece piece) {
    idle.offer(piece); // Refused when enough are kept: then the collector frees it.
  }
}
