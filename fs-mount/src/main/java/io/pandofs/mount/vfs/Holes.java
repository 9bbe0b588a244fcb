package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Extent;
import io.pandofs.meta.MetadataView;

/** Where a file has extents and where it has none: SEEK_DATA and SEEK_HOLE of lseek(2). */
final class Holes {

  /** How much of a file is looked at first; each further look takes twice as much. */
  private static final long WINDOW_BYTES = 256L << 20;

  private final MetadataView view;
  private final InodeId inode;
  private final long size;

  Holes(MetadataView view, Attributes file) {
    this.view = view;
    this.inode = file.inode();
    this.size = file.sizeBytes();
  }

  /**
   * The first byte at or after the offset that an extent covers.
   *
   * @throws ErrnoException ENXIO if there is none
   */
  long data(long offset) throws ErrnoException {
    requireInside(offset);
    long window = WINDOW_BYTES;
    for (long from = offset; from < size; from = end(from, window), window *= 2) {
      for (Extent extent : view.extents(inode, from, end(from, window))) {
        long first = Math.max(offset, extent.offset());
        if (first < size) {
          return first;
        }
      }
    }
    throw new ErrnoException(Errno.ENXIO);
  }

  /**
   * The first byte at or after the offset that no extent covers; the end of the file counts.
   *
   * @throws ErrnoException ENXIO if the offset is not in the file
   */
  long hole(long offset) throws ErrnoException {
    requireInside(offset);
    long window = WINDOW_BYTES;
    long covered = offset;
    while (covered < size) {
      long to = end(covered, window);
      for (Extent extent : view.extents(inode, covered, to)) {
        if (extent.offset() > covered) {
          return covered;
        }
        covered = Math.max(covered, extent.end());
      }
      if (covered < to) {
        return covered;
      }
      window *= 2;
    }
    return size;
  }

  private void requireInside(long offset) throws ErrnoException {
    if (offset < 0 || offset >= size) {
      throw new ErrnoException(Errno.ENXIO);
    }
  }

  private long end(long from, long window) {
    return window <= 0 || size - from < window ? size : from + window;
  }
}
