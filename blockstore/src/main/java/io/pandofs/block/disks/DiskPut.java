package io.pandofs.block.disks;

import io.pandofs.block.BlockConflictException;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One put: the next disk is tried when one is full, leaves, or fails and is taken out. Attempts
 * follow each other, so only {@link #current} is looked at by two threads.
 */
final class DiskPut {
  /** Takes a failing disk out. */
  interface Doctor {
    /** Whether it is out of use; otherwise there is no other to turn to. */
    boolean isOut(Disk disk, Throwable failure);
  }

  private final SessionId session;
  private final BlockId block;
  private final ByteBuffer bytes;
  private final int crc32c;
  private final Deque<Disk> order;
  private final Doctor doctor;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private volatile @Nullable CompletableFuture<Void> current;
  private @Nullable Throwable why;

  DiskPut(
      SessionId session,
      BlockId block,
      ByteBuffer bytes,
      int crc32c,
      List<Disk> order,
      Doctor doctor) {
    this.session = session;
    this.block = block;
    this.bytes = bytes;
    this.crc32c = crc32c;
    this.order = new ArrayDeque<>(order);
    this.doctor = doctor;
  }

  CompletableFuture<Void> start() {
    next();
    var unused =
        done.whenComplete(
            (stored, failure) -> {
              if (done.isCancelled()) {
                takeBack();
              }
            });
    return done;
  }

  private void takeBack() {
    CompletableFuture<Void> now = current;
    if (now != null) {
      now.cancel(false);
    }
  }

  private void next() {
    for (Disk disk = order.poll(); disk != null; disk = order.poll()) {
      CompletableFuture<Void> put = disk.put(session, block, bytes, crc32c);
      if (put != null) {
        current = put;
        if (done.isCancelled()) {
          put.cancel(false);
        }
        Disk tried = disk;
        var unused = put.whenComplete((stored, failure) -> ended(tried, failure));
        return;
      }
    }
    Throwable cause = why;
    done.completeExceptionally(cause == null ? new IOException("no disk takes blocks") : cause);
  }

  private void ended(Disk disk, @Nullable Throwable failure) {
    if (failure == null) {
      done.complete(null);
    } else if (done.isDone()) {
      return; // It was cancelled.
    } else if (failure instanceof BlockConflictException) {
      done.completeExceptionally(failure);
    } else if (failure instanceof StoreFullException || doctor.isOut(disk, failure)) {
      // That one is full tells more about the node than that another one is broken.
      boolean tellsMore = failure instanceof StoreFullException;
      why = why == null || tellsMore ? failure : why;
      next();
    } else {
      done.completeExceptionally(failure);
    }
  }
}
