package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.ErrnoException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What open(2) returned. Nothing in it but the inode and the flags is worth keeping: a transport
 * can make it again. Thread-safe.
 */
final class FileHandle {

  private final OpenFile file;
  private final int flags;
  private final ReadPattern pattern;
  private final AtomicBoolean read = new AtomicBoolean();

  @GuardedBy("this")
  private long lossesReported;

  FileHandle(OpenFile file, int flags, int readAheadBytesMax) {
    this.file = file;
    this.flags = flags;
    this.pattern = new ReadPattern(readAheadBytesMax);
    this.lossesReported = file.handleOpened();
  }

  OpenFile file() {
    return file;
  }

  int flags() {
    return flags;
  }

  ReadPattern pattern() {
    return pattern;
  }

  /** True once: whether atime is still to be moved for this handle. */
  boolean firstRead() {
    return !read.get() && read.compareAndSet(false, true);
  }

  /** Makes the next read count as the first again, if {@code again}. */
  void readAgain(boolean again) {
    read.set(!again);
  }

  /** Fails with the errno of data that was lost and that this handle has not reported yet. */
  synchronized void report() throws ErrnoException {
    long losses = file.losses();
    if (losses != lossesReported) {
      lossesReported = losses;
      throw new ErrnoException(file.lossErrno());
    }
  }

  /** As {@link #report}, but it stays to be reported. */
  synchronized void refuseAfterLoss() throws ErrnoException {
    if (file.losses() != lossesReported) {
      throw new ErrnoException(file.lossErrno());
    }
  }

  /** The last use of it. */
  void close() {
    file.handleClosed();
  }
}
