package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Written data that was lost when no handle of its file was open any more to hear of it: logged,
 * counted, and reported by the next fsync of any file of the mount. Thread-safe.
 */
final class LostData {

  private static final Logger LOG = LoggerFactory.getLogger(LostData.class);

  @GuardedBy("this")
  private long files;

  @GuardedBy("this")
  private Errno next = Errno.OK;

  void unheard(InodeId inode, Errno errno) {
    LOG.error("written data of {} is lost after it was closed: {}", inode, errno);
    synchronized (this) {
      files++;
      next = errno;
    }
  }

  /** How often that happened since the mount was made. */
  synchronized long files() {
    return files;
  }

  /** Fails once after a loss. */
  synchronized void report() throws ErrnoException {
    Errno errno = next;
    next = Errno.OK;
    if (!errno.isOk()) {
      throw new ErrnoException(errno, "data of a closed file was lost");
    }
  }
}
