package io.pandofs.block.local;

import io.pandofs.block.StoreDamagedException;
import io.pandofs.block.StoreFullException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for work that was given to another thread. */
final class Waiting {
  private Waiting() {}

  /** Returns when the work is done. Throws what the work failed with, told from here. */
  static void on(Future<Void> work) throws IOException {
    try {
      work.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted while waiting").initCause(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StoreFullException full) {
        throw new StoreFullException(String.valueOf(full.getMessage()), e);
      }
      if (e.getCause() instanceof StoreDamagedException damaged) {
        throw new StoreDamagedException(String.valueOf(damaged.getMessage()), e);
      }
      throw new IOException(e.getCause() == null ? null : e.getCause().getMessage(), e);
    }
  }
}
