package io.pandofs.mount.fuse.direct;

import io.pandofs.mount.fuse.direct.Protocol.Init;

/**
 * What the kernel and the mount agree on, from FUSE_INIT.
 *
 * <p>Not asked for: the kernel's write-back cache, which would make the kernel own a file's size,
 * while another mount may change it.
 *
 * @param minor of the version spoken
 * @param flags those that both sides know
 */
record Handshake(int minor, int readAheadBytes, long flags) {

  /** The most that one request carries. */
  static final int BYTES_MAX = 1 << 20;

  private static final int PAGE_BYTES = 4096;

  /** Requests that nobody waits for, such as read-ahead, leave workers to those that are. */
  private static final int BACKGROUND_MAX = Workers.WORKERS_MAX / 2;

  private static final int CONGESTION = BACKGROUND_MAX * 3 / 4;

  /**
   * What access control lists need: that the kernel obeys them, leaves the umask to the engine, and
   * says when setgid goes. A kernel without one of them gets none.
   */
  private static final long ACLS = Init.POSIX_ACL | Init.DONT_MASK | Init.SETXATTR_EXT;

  /** AUTO_INVAL_DATA: pages are dropped when mtime or size have changed, here or elsewhere. */
  private static final long WANTED =
      Init.ASYNC_READ
          | Init.POSIX_LOCKS
          | Init.FLOCK_LOCKS
          | Init.ATOMIC_O_TRUNC
          | Init.EXPORT_SUPPORT
          | Init.BIG_WRITES
          | Init.AUTO_INVAL_DATA
          | Init.DO_READDIRPLUS
          | Init.READDIRPLUS_AUTO
          | Init.ASYNC_DIO
          | Init.PARALLEL_DIROPS
          | Init.MAX_PAGES
          | Init.HANDLE_KILLPRIV_V2
          | Init.EXTENDED
          | Init.DIRECT_IO_ALLOW_MMAP;

  /**
   * Reads the kernel's offer.
   *
   * @throws MalformedRequestException for a version that cannot be spoken
   */
  static Handshake of(Request in) {
    in.needs(Init.BYTES_LEAST);
    int major = in.int32(Init.MAJOR);
    int minor = in.int32(Init.MINOR);
    if (major != Protocol.MAJOR || minor < Protocol.MINOR_LEAST) {
      throw new MalformedRequestException("the kernel speaks FUSE " + major + "." + minor);
    }
    long offered = Integer.toUnsignedLong(in.int32(Init.FLAGS));
    if ((offered & Init.EXTENDED) != 0) {
      offered |= (long) in.int32(Init.FLAGS2) << 32;
    }
    return new Handshake(
        Math.min(minor, Protocol.MINOR),
        Math.max(in.int32(Init.READ_AHEAD), BYTES_MAX),
        offered & ((offered & ACLS) == ACLS ? WANTED | ACLS : WANTED));
  }

  /** Whether access control lists are obeyed, and the umask is told and not applied. */
  boolean acls() {
    return (flags & ACLS) == ACLS;
  }

  /** struct fuse_init_out. */
  /** Whether the kernel, once told to forget attributes, ignores those on their way to it. */
  boolean forgetsAttributes() {
    return minor >= Protocol.MINOR_FORGETS;
  }

  void answer(Reply out) {
    out.int32(Protocol.MAJOR).int32(minor).int32(readAheadBytes).int32((int) flags);
    out.int16(BACKGROUND_MAX).int16(CONGESTION).int32(BYTES_MAX).int32(1);
    out.int16(BYTES_MAX / PAGE_BYTES).int16(0).int32((int) (flags >>> 32)).zeros(28);
  }
}
