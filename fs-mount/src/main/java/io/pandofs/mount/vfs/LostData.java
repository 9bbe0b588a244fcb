package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was written and lost, by inode. Told as Linux tells errors of writeback: by fsync, once to
 * each handle that was open then, and if nobody was told yet to the next one that is opened, or to
 * who renames or links the file. Thread-safe; takes no other lock.
 */
final class LostData {

  private static final Logger LOG = LoggerFactory.getLogger(LostData.class);

  /**
   * Of more files than this that nobody has open the oldest are forgotten; they were logged, and
   * stay counted. What somebody has open is never forgotten: that handle's fsync must tell it.
   */
  private static final int CLOSED_MAX = 4096;

  private static final class Loss {
    long number;
    Errno errno = Errno.EIO;
    boolean told = true;
  }

  @GuardedBy("this")
  private final Map<InodeId, Loss> files = new HashMap<>();

  /** Those of them that nobody has open, and nobody was told of; oldest first. */
  @GuardedBy("this")
  private final LinkedHashSet<InodeId> closed = new LinkedHashSet<>();

  /** How many losses there were; each has its number, from 1. */
  @GuardedBy("this")
  private long losses;

  /** The last of them with which changes of the tree were lost, not the data of a file. */
  @GuardedBy("this")
  private long lastOfNames;

  /** Of how many files nobody was told. */
  @GuardedBy("this")
  private int untold;

  /** Of how many files it is not known any more which they are. */
  @GuardedBy("this")
  private int forgotten;

  /** Bytes of the file are lost. */
  synchronized void lost(InodeId inode, Errno errno) {
    Loss loss = files.computeIfAbsent(inode, same -> new Loss());
    untold += loss.told ? 1 : 0;
    loss.told = false;
    loss.number = ++losses;
    loss.errno = errno;
    closed.remove(inode);
  }

  /**
   * Changes of the tree are lost: each handle that was open then has that to tell, by its fsync.
   */
  synchronized void lostNames() {
    lastOfNames = ++losses;
  }

  @GuardedBy("this")
  private void forgetOldest() {
    Iterator<InodeId> oldest = closed.iterator();
    InodeId inode = oldest.next();
    oldest.remove();
    files.remove(inode);
    untold--;
    forgotten++;
    LOG.error("that data of {} is lost can be told to nobody any more", inode);
  }

  /** A handle is opened: up to which loss its fsync has nothing to tell. */
  synchronized long opened(InodeId inode) {
    closed.remove(inode);
    Loss loss = files.get(inode);
    return loss == null || loss.told ? losses : loss.number - 1;
  }

  /**
   * Whether data was lost that a handle has not told of.
   *
   * @param upTo what {@link #opened} or {@link #tell} has said last for it
   * @return the errno to fail with, or null
   */
  synchronized @Nullable Errno untold(InodeId inode, long upTo) {
    Loss loss = files.get(inode);
    return loss == null || loss.number <= upTo ? null : loss.errno;
  }

  /** Whether changes of the tree were lost after a loss. */
  synchronized boolean areNamesUntold(long upTo) {
    return lastOfNames > upTo;
  }

  /** All there is of the inode counts as told; up to which loss that is. */
  synchronized long tell(InodeId inode) {
    told(files.get(inode));
    return losses;
  }

  @GuardedBy("this")
  private void told(@Nullable Loss loss) {
    if (loss != null && !loss.told) {
      loss.told = true;
      untold--;
    }
  }

  /** Fails once with a loss that nobody was told of. */
  synchronized void tellIfNobodyWas(InodeId inode) throws ErrnoException {
    Loss loss = files.get(inode);
    if (loss != null && !loss.told) {
      told(loss);
      throw new ErrnoException(loss.errno, "written data of the file was lost");
    }
  }

  /** Nobody has the file open: what was told is of no interest any more. */
  synchronized void closed(InodeId inode) {
    Loss loss = files.get(inode);
    if (loss == null) {
      return;
    }
    if (loss.told) {
      files.remove(inode);
      closed.remove(inode);
    } else if (closed.add(inode) && closed.size() > CLOSED_MAX) {
      forgetOldest();
    }
  }

  /** Of how many files data was lost without that anybody was told yet, or can be. */
  synchronized int untoldFiles() {
    return untold + forgotten;
  }

  /** Whether anybody who asks for a file may hear that data of it was lost. */
  synchronized boolean isAnyUntold() {
    return untold > 0;
  }

  /** The number of the last loss. */
  synchronized long number() {
    return losses;
  }
}
