package io.pandofs.tools.node;

/**
 * A part of a file that is looked at in one go. After one without an extent comes one of twice the
 * length, so that the holes of a giant file cost little; after one with extents a short one, so
 * that few of them are in memory at a time.
 *
 * @param bytes its length, if the file does not end before; zero or less: to the end of the file
 */
record FileWindow(long from, long bytes) {
  private static final long SHORT_BYTES = 1L << 30;

  static final FileWindow FIRST = new FileWindow(0, SHORT_BYTES);

  /** Whether nothing of a file of this size is in it. */
  boolean isBehind(long size) {
    return from >= size;
  }

  /** Where it ends in a file of this size, which it must not be behind. */
  long to(long size) {
    return bytes <= 0 || size - from < bytes ? size : from + bytes;
  }

  /** The one that follows. */
  FileWindow next(long size, boolean empty) {
    return new FileWindow(to(size), empty ? 2 * bytes : SHORT_BYTES);
  }
}
