package io.pandofs.mount.fuse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the kernel has mounted, whoever serves it. Thread-safe. */
public final class KernelMount implements Mount {

  private static final Logger LOG = LoggerFactory.getLogger(KernelMount.class);

  private static final long RETRY_MILLIS = 100;
  private static final long JOIN_SECONDS = 5;

  private final Path place;
  private final Duration busyWait;
  private final CompletableFuture<Void> ended;
  private final LibC libc = LibC.load();

  @GuardedBy("this")
  private boolean closed;

  /**
   * @param ended completes when it is no longer served; never fails
   */
  public KernelMount(Path place, Duration busyWait, CompletableFuture<Void> ended) {
    this.place = place;
    this.busyWait = busyWait;
    this.ended = ended;
  }

  @Override
  public Path mountPoint() {
    return place;
  }

  @Override
  public CompletableFuture<Void> ended() {
    return ended.copy();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (ended.isDone()) {
      return;
    }
    Optional<Integer> connection = connection();
    unmount();
    if (!endsWithin(TimeUnit.SECONDS.toMillis(JOIN_SECONDS)) && connection.isPresent()) {
      abort(connection.get());
      endsWithin(TimeUnit.SECONDS.toMillis(JOIN_SECONDS));
    }
  }

  /** Ends the connection to the kernel, if it is there: calls of programs answer ENOTCONN. */
  public void abort() {
    if (!ended.isDone()) {
      connection().ifPresent(this::abort);
    }
  }

  private Optional<Integer> connection() {
    try {
      return MountTable.at(place)
          .filter(row -> row.type().equals(Transport.FILESYSTEM_TYPE))
          .map(MountTable.Row::minor);
    } catch (IOException e) {
      LOG.warn("cannot read the mount table: {}", e.toString());
      return Optional.empty();
    }
  }

  private void unmount() {
    long tries = Math.max(1, busyWait.toMillis() / RETRY_MILLIS);
    for (long i = 0; i < tries; i++) {
      if (libc.umount2(place.toString(), 0) == 0) {
        return;
      }
      if (LibC.errno() != Errno.EBUSY.number() || endsWithin(RETRY_MILLIS)) {
        break;
      }
    }
    if (ended.isDone() || libc.umount2(place.toString(), LibC.MNT_DETACH) == 0) {
      return;
    }
    try {
      MountPointCheck.detach(place);
    } catch (IOException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  private boolean endsWithin(long millis) {
    try {
      ended.get(millis, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("the end of a mount never fails", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void abort(int connection) {
    LOG.warn("ending the connection of {}", place);
    try {
      FuseControl.abort(connection);
    } catch (IOException e) {
      LOG.warn("cannot end connection {}: {}", connection, e.toString());
    }
  }
}
