package io.pandofs.mount.vfs;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * Operations on an inode that must not overtake the bytes written to it here: what is dirty is
 * committed first, and writers wait meanwhile. Thread-safe.
 */
final class Shape {

  private final Coherence coherence;
  private final OpenFiles openFiles;
  private final WriteBack writeBack;

  Shape(Coherence coherence, OpenFiles openFiles, WriteBack writeBack) {
    this.coherence = coherence;
    this.openFiles = openFiles;
    this.writeBack = writeBack;
  }

  /** Flushes the inode if it is open here, then commits the operation. */
  Reply submit(InodeId inode, Operation operation, Caller caller, Timestamp now)
      throws ErrnoException {
    OpenFile file = openFiles.find(inode);
    if (file == null) {
      return coherence.submit(operation, caller, now);
    }
    return submit(file, operation, caller, now);
  }

  Reply submit(OpenFile file, Operation operation, Caller caller, Timestamp now)
      throws ErrnoException {
    Lock exclusive = file.shape().writeLock();
    exclusive.lock();
    try {
      writeBack.drain(file);
      file.shapeChanges();
      return coherence.submit(operation, caller, now);
    } finally {
      exclusive.unlock();
    }
  }

  /** Commits what is dirty of an inode, if anything is. */
  void flush(@Nullable InodeId inode) throws ErrnoException {
    OpenFile file = inode == null ? null : openFiles.find(inode);
    if (file != null) {
      writeBack.drain(file);
    }
  }
}
