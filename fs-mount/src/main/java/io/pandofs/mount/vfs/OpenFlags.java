package io.pandofs.mount.vfs;

/** The flags of open(2) that the Vfs looks at, with Linux's numbers (asm-generic/fcntl.h). */
public final class OpenFlags {

  public static final int READ_ONLY = 0;
  public static final int WRITE_ONLY = 1;
  public static final int READ_WRITE = 2;
  public static final int EXCLUSIVE = 0200;
  public static final int TRUNCATE = 01000;
  public static final int APPEND = 02000;

  /** O_NOATIME; who may use it is for the kernel to check. */
  public static final int NO_ACCESS_TIME = 01000000;

  private static final int ACCESS_MASK = 3;

  /** O_DSYNC, which O_SYNC contains. */
  public static final int DATA_SYNC = 010000;

  private OpenFlags() {}

  static boolean reads(int flags) {
    return (flags & ACCESS_MASK) != WRITE_ONLY;
  }

  static boolean writes(int flags) {
    return (flags & ACCESS_MASK) != READ_ONLY;
  }

  static boolean has(int flags, int flag) {
    return (flags & flag) != 0;
  }
}
