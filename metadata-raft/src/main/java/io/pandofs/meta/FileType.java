package io.pandofs.meta;

/** The type bits of st_mode (inode(7)). */
public enum FileType {
  FIFO(0010000),
  CHARACTER_DEVICE(0020000),
  DIRECTORY(0040000),
  BLOCK_DEVICE(0060000),
  REGULAR(0100000),
  SYMLINK(0120000),
  SOCKET(0140000);

  /** S_IFMT. */
  public static final int MASK = 0170000;

  private static final FileType[] VALUES = values();

  private final int bits;

  FileType(int bits) {
    this.bits = bits;
  }

  /** The type as bits of st_mode. */
  public int bits() {
    return bits;
  }

  /**
   * The type in these mode bits; no type bits mean a regular file, as mknod(2) has it.
   *
   * @throws IllegalArgumentException for bits that are no type
   */
  public static FileType ofMode(int mode) {
    int bits = mode & MASK;
    if (bits == 0) {
      return REGULAR;
    }
    for (FileType type : VALUES) {
      if (type.bits == bits) {
        return type;
      }
    }
    throw new IllegalArgumentException("not a file type: " + Integer.toOctalString(bits));
  }
}
