package io.pandofs.mount.vfs;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * Operations on an inode that must not overtake the bytes written to it here: what is dirty is
 * committed first, and writers wait for the rest of that. Thread-safe.
 */
final class Shape {

  private final Coherence coherence;
  private final OpenFiles openFiles;
  private final WriteBack writeBack;
  private final WriteBudget budget;
  private final LostData lostData;

  Shape(
      Coherence coherence,
      OpenFiles openFiles,
      WriteBack writeBack,
      WriteBudget budget,
      LostData lostData) {
    this.coherence = coherence;
    this.openFiles = openFiles;
    this.writeBack = writeBack;
    this.budget = budget;
    this.lostData = lostData;
  }

  /** Flushes the inode if it is open here, then commits the operation. */
  Reply submit(InodeId inode, Operation operation, Caller caller, Timestamp now)
      throws ErrnoException {
    MetadataSession session = coherence.session();
    OpenFile file = openFiles.find(inode);
    if (file == null) {
      return coherence.submitIn(session, operation, caller, now);
    }
    return submit(session, file, operation, caller, now);
  }

  Reply submit(OpenFile file, Operation operation, Caller caller, Timestamp now)
      throws ErrnoException {
    return submit(coherence.session(), file, operation, caller, now);
  }

  /**
   * As above.
   *
   * @param session that was live before anything was flushed for the operation's sake: what was
   *     flushed may be lost with it
   */
  Reply submit(
      MetadataSession session, OpenFile file, Operation operation, Caller caller, Timestamp now)
      throws ErrnoException {
    long before = lostData.number();
    // Most of it while others still read and write; what they write meanwhile is little.
    writeBack.await(file);
    Lock exclusive = file.shape().writeLock();
    long deadline = coherence.deadline();
    coherence.lock(exclusive, deadline);
    try {
      writeBack.drain(file, before);
      file.shapeChanges();
      return coherence.submitAlone(session, operation, caller, now, deadline);
    } finally {
      exclusive.unlock();
    }
  }

  /**
   * Commits what is dirty of an inode that is to get a name, in the session that is live before the
   * call.
   *
   * @throws ErrnoException as {@link WriteBack#drain}, and once if data of it was lost and nobody
   *     was told: the name may be that of a good file
   */
  void flush(@Nullable InodeId inode) throws ErrnoException {
    if (inode == null) {
      return;
    }
    commit(inode);
    try {
      lostData.tellIfNobodyWas(inode);
    } finally {
      if (openFiles.find(inode) == null) {
        lostData.closed(inode);
      }
    }
  }

  /** Commits what is dirty of an inode; what was lost of it stays to be told. */
  void commit(InodeId inode) throws ErrnoException {
    OpenFile file = openFiles.find(inode);
    if (file != null) {
      writeBack.await(file);
    }
  }

  /** Whether there is anything to flush or to tell of any inode. */
  boolean isConcerned() {
    return budget.used() > 0 || lostData.isAnyUntold();
  }
}
