package io.pandofs.mount.fuse;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** A filesystem that is mounted. Thread-safe. */
public interface Mount extends AutoCloseable {

  Path mountPoint();

  /** Completes when it is no longer served, by {@link #close} or because someone unmounted it. */
  CompletableFuture<Void> ended();

  /**
   * Unmounts and waits until the last request is answered: lazily if it stays busy, by aborting the
   * kernel's connection if even then somebody holds on to it. The Vfs stays open, and with it what
   * is not committed yet.
   */
  @Override
  void close();
}
