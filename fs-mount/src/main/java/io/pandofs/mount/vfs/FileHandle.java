package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What open(2) returned. Nothing in it but the inode and the flags is worth keeping: a transport
 * can make it again. Thread-safe.
 */
final class FileHandle {

  private final OpenFile file;
  private final int flags;
  private final ReadPattern pattern;
  private final AtomicBoolean read;

  private final LostData lostData;

  /** The session in which it has taken locks; null if it never has. */
  private volatile Locks.@Nullable OfSession lockedIn;

  private final Set<Locks.Owned> owners = ConcurrentHashMap.newKeySet();

  /** Up to which loss fsync has nothing to tell. */
  @GuardedBy("this")
  private long syncedUpTo;

  /** Up to which loss fsync has nothing to tell of changes of the tree. */
  @GuardedBy("this")
  private long namesSyncedUpTo;

  /** Up to which loss close and write have nothing to tell: those from before are not theirs. */
  @GuardedBy("this")
  private long closedUpTo;

  FileHandle(OpenFile file, int flags, int readAheadBytesMax, LostData lostData) {
    this.file = file;
    this.flags = flags;
    this.pattern = new ReadPattern(readAheadBytesMax);
    this.lostData = lostData;
    this.read = new AtomicBoolean(OpenFlags.has(flags, OpenFlags.NO_ACCESS_TIME));
    file.handleOpened();
    this.closedUpTo = lostData.number();
    this.namesSyncedUpTo = closedUpTo;
    this.syncedUpTo = lostData.opened(file.inode());
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

  /** It has, or may have, locks of this owner. */
  void locked(Locks.OfSession session, Locks.Owned owned) {
    owners.add(owned);
    lockedIn = session;
  }

  Locks.@Nullable OfSession lockedIn() {
    return lockedIn;
  }

  /** Those by whom locks were asked for through it. */
  Set<Locks.Owned> owners() {
    return owners;
  }

  /**
   * Others may have what it had locked, if that went with its session.
   *
   * @throws ErrnoException EIO in that case
   */
  void requireLocks() throws ErrnoException {
    Locks.OfSession session = lockedIn;
    if (session != null && session.isOver()) {
      throw new ErrnoException(Errno.EIO, "the locks of " + file.inode() + " are lost");
    }
  }

  /** See {@link AccessTimes#read}. */
  AtomicBoolean read() {
    return read;
  }

  /**
   * fsync: fails with the errno of data that was lost, which then counts as told, if none has said
   * so on this handle; with EIO if changes of the tree were, which may have been this file's.
   */
  synchronized void reportAtSync() throws ErrnoException {
    Errno errno = lostData.untold(file.inode(), syncedUpTo);
    long number = lostData.number();
    boolean areNamesLost = lostData.areNamesUntold(namesSyncedUpTo);
    namesSyncedUpTo = number;
    if (errno != null) {
      syncedUpTo = lostData.tell(file.inode());
      closedUpTo = syncedUpTo;
      throw new ErrnoException(errno);
    }
    if (areNamesLost) {
      throw new ErrnoException(Errno.EIO, "changes are lost with their session");
    }
  }

  /**
   * close: fails with the errno of data that was lost since the handle was opened, if neither fsync
   * nor close have said so on it. Most programs do not look at what close answers, and one of
   * several descriptors of the handle may be closed in another process: it stays to be told by
   * fsync.
   */
  synchronized void reportAtClose() throws ErrnoException {
    long number = lostData.number();
    try {
      long unused = refuseAfterLoss();
    } finally {
      closedUpTo = number;
    }
  }

  /**
   * As {@link #reportAtClose}, but it stays to be reported by that too.
   *
   * @return up to which loss there is nothing to tell: a later one is after this look
   */
  synchronized long refuseAfterLoss() throws ErrnoException {
    Errno errno = lostData.untold(file.inode(), closedUpTo);
    if (errno != null) {
      throw new ErrnoException(errno);
    }
    return closedUpTo;
  }

  /** The last use of it. */
  void close() {
    file.handleClosed();
  }
}
