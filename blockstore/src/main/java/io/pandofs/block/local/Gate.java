package io.pandofs.block.local;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Keeps native handles alive while somebody uses them: a call into a closed database ends the
 * process. Thread-safe. {@link #close} returns when everyone who entered has left, and nobody
 * enters after it.
 */
final class Gate {
  private static final int ALL = Integer.MAX_VALUE;

  private final Semaphore permits = new Semaphore(ALL);
  private volatile boolean closed;

  void enter() throws IOException {
    if (closed || !permits.tryAcquire()) {
      throw new IOException("the block store is closed");
    }
  }

  void leave() {
    permits.release();
  }

  void close() {
    closed = true;
    permits.acquireUninterruptibly(ALL);
  }
}
