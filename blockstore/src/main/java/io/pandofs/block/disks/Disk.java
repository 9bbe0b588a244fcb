package io.pandofs.block.disks;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.LocalBlocks;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A disk in use: its directory and the store there. Thread-safe. */
final class Disk {
  private final Path directory;
  private final LocalBlocks store;

  @GuardedBy("this")
  private boolean leaving;

  /** Puts that have not ended. */
  @GuardedBy("this")
  private int underWay;

  private volatile String trouble = "";

  Disk(Path directory, LocalBlocks store) {
    this.directory = directory;
    this.store = store;
  }

  Path directory() {
    return directory;
  }

  LocalBlocks store() {
    return store;
  }

  /** As {@link LocalBlocks#put}; null when the disk is leaving. */
  @Nullable CompletableFuture<Void> put(
      SessionId session, BlockId block, ByteBuffer bytes, int crc32c) {
    CompletableFuture<Void> put;
    synchronized (this) {
      if (leaving) {
        return null;
      }
      put = store.put(session, block, bytes, crc32c);
      underWay++;
    }
    var unused = put.whenComplete((stored, failure) -> ended());
    return put;
  }

  private synchronized void ended() {
    underWay--;
    notifyAll();
  }

  synchronized boolean isLeaving() {
    return leaving;
  }

  /** Takes no more puts until {@link #stay}; waits for the end of those that it has taken. */
  synchronized void leave() throws InterruptedException {
    leaving = true;
    while (underWay > 0) {
      wait();
    }
  }

  synchronized void stay() {
    leaving = false;
  }

  /** What failed last on a disk that is kept nevertheless; empty when nothing did. */
  String trouble() {
    return trouble;
  }

  void failed(String why) {
    trouble = why;
  }
}
