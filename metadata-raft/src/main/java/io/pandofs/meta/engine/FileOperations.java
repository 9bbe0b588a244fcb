package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;

/** Attributes and sizes. */
final class FileOperations {
  private static final int PERMISSIONS = 07777;
  private static final int MODES =
      Operation.FALLOC_KEEP_SIZE | Operation.FALLOC_PUNCH_HOLE | Operation.FALLOC_ZERO_RANGE;

  private FileOperations() {}

  static Reply setAttributes(Operation.SetAttributes set, Change change) throws ErrnoException {
    Long size = set.sizeBytes();
    Integer permissions = set.permissions();
    Inode inode = size == null ? change.inode(set.inode()) : change.file(set.inode());
    if ((size != null && size < 0) || (permissions != null && (permissions & ~PERMISSIONS) != 0)) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (size != null) {
      resize(inode, size, change);
    }
    setOwner(set, inode, change);
    if (permissions != null) {
      inode.permissions = permissions;
      Acls.follow(inode, change);
    }
    if (set.accessed() != null) {
      inode.accessed = Change.bounded(set.accessed());
    }
    if (set.modified() != null) {
      inode.modified = Change.bounded(set.modified());
    }
    inode.touchChanged(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  static Reply accessed(Operation.Accessed read, Change change) throws ErrnoException {
    Inode inode = change.asItIs(read.inode());
    if (!change.mayTouch(inode)) {
      change.requireInLog();
      return Reply.OK;
    }
    inode.accessed = Change.bounded(read.time());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  private static void setOwner(Operation.SetAttributes set, Inode inode, Change change) {
    if (!set.changesOwner()) {
      return;
    }
    change.dropPrivilegesOnChangeOfOwner(inode);
    if (set.uid() != null) {
      inode.uid = set.uid();
    }
    if (set.gid() != null) {
      inode.gid = set.gid();
    }
  }

  private static void resize(Inode inode, long size, Change change) {
    if (size < inode.sizeBytes) {
      cut(inode, size, Long.MAX_VALUE, change);
    }
    inode.sizeBytes = size;
    change.dropPrivilegesOnWrite(inode);
    inode.touchModified(change.now());
  }

  private static void cut(Inode inode, long from, long to, Change change) {
    if (inode.allocatedBytes > 0) {
      change.effects().dataReplaced(inode.id);
    }
    BlockReferences blocks = new BlockReferences();
    Extents.cut(change.write(), inode, from, to, blocks);
    blocks.save(change.write(), change.effects());
  }

  static Reply allocate(Operation.Allocate allocate, Change change) throws ErrnoException {
    Inode inode = change.inode(allocate.inode());
    checkAllocate(allocate, inode);
    long end = allocate.offset() + allocate.length();
    boolean keepSize = (allocate.mode() & Operation.FALLOC_KEEP_SIZE) != 0;
    if ((allocate.mode() & ~Operation.FALLOC_KEEP_SIZE) != 0) {
      cut(inode, allocate.offset(), end, change);
    }
    if (!keepSize && end > inode.sizeBytes) {
      inode.sizeBytes = end;
    }
    change.dropPrivilegesOnWrite(inode);
    inode.touchModified(change.now());
    change.finish(inode);
    return Reply.of(inode.attributes());
  }

  /** The order is that of Linux's vfs_fallocate. */
  private static void checkAllocate(Operation.Allocate allocate, Inode inode)
      throws ErrnoException {
    int mode = allocate.mode();
    if (allocate.offset() < 0 || allocate.length() <= 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    boolean punch = (mode & Operation.FALLOC_PUNCH_HOLE) != 0;
    boolean zero = (mode & Operation.FALLOC_ZERO_RANGE) != 0;
    boolean keep = (mode & Operation.FALLOC_KEEP_SIZE) != 0;
    if ((mode & ~MODES) != 0 || (punch && zero) || (punch && !keep)) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    if (inode.type == FileType.FIFO) {
      throw new ErrnoException(Errno.ESPIPE);
    }
    if (inode.isDirectory()) {
      throw new ErrnoException(Errno.EISDIR);
    }
    if (inode.type != FileType.REGULAR) {
      throw new ErrnoException(Errno.ENODEV);
    }
    if (allocate.offset() > Long.MAX_VALUE - allocate.length()) {
      throw new ErrnoException(Errno.EFBIG);
    }
  }
}
