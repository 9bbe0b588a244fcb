package io.pandofs.meta.raft;

import io.pandofs.meta.Acl;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;

/**
 * A bound on how long a request is in the log, good enough to bound batches by; of what is much
 * more work than it is long, a weight.
 */
final class RequestSize {
  private static final int FIXED = 128;

  /** What it touches: two directories and what two names in them mean. */
  private static final int STANDING = 4 * 10;

  private static final int NAME_MAX = 256;
  private static final int EXTENT = 48;
  private static final int BLOCK = 96;
  private static final int LEASE = 10;
  private static final int INLINE = 32;

  /** Its bytes are read. */
  private static final int MOVED = 1 << 10;

  /** Some hundred extents of two files. */
  private static final int COPY = 16 << 10;

  /** All locks of a file may be looked at. */
  private static final int LOCK = 4 << 10;

  private RequestSize() {}

  static long atMost(Request request) {
    return STANDING + ofOperation(request.operation());
  }

  private static long ofOperation(Operation operation) {
    if (operation instanceof Operation.Write write) {
      long inline = 0;
      for (InlineBlock block : write.inline()) {
        inline += INLINE + block.bytes().length;
      }
      return FIXED
          + (long) EXTENT * write.extents().size()
          + (long) BLOCK * write.blocks().size()
          + inline;
    }
    if (operation instanceof Operation.MoveInline move) {
      return FIXED + (long) (BLOCK + MOVED) * move.blocks().size();
    }
    if (operation instanceof Operation.Relocate relocate) {
      long extents = (long) relocate.from().size() + relocate.to().size();
      return FIXED + EXTENT * extents + (long) BLOCK * relocate.blocks().size();
    }
    if (operation instanceof Operation.ReleaseLeases release) {
      return FIXED + (long) LEASE * release.inodes().size();
    }
    if (operation instanceof Operation.SetXattr xattr) {
      return FIXED + (long) xattr.name().length + xattr.value().length;
    }
    if (operation instanceof Operation.SetAcl) {
      return FIXED + Acl.BYTES_MAX;
    }
    if (operation instanceof Operation.Create create && create.target() != null) {
      return FIXED + NAME_MAX + (long) create.target().length;
    }
    if (operation instanceof Operation.CopyRange) {
      return COPY;
    }
    if (operation instanceof Operation.SetLock) {
      return LOCK;
    }
    return FIXED + 2 * NAME_MAX;
  }
}
