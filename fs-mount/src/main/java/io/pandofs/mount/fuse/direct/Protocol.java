package io.pandofs.mount.fuse.direct;

/**
 * Numbers of the kernel's protocol (linux/fuse.h, version 7.39): opcodes, flags, and where fields
 * lie. Offsets of requests count from the end of the header. All fields are in the machine's byte
 * order.
 */
final class Protocol {

  static final int MAJOR = 7;
  static final int MINOR = 39;

  /** Of Linux 5.4; what is older is not tried. */
  static final int MINOR_LEAST = 31;

  /** From Linux 5.10; FUSE_NOTIFY_INVAL_INODE counts as a change of attributes since 5.8. */
  static final int MINOR_FORGETS = 32;

  static final long ROOT = 1;

  static final int LOOKUP = 1;
  static final int FORGET = 2;
  static final int GETATTR = 3;
  static final int SETATTR = 4;
  static final int READLINK = 5;
  static final int SYMLINK = 6;
  static final int MKNOD = 8;
  static final int MKDIR = 9;
  static final int UNLINK = 10;
  static final int RMDIR = 11;
  static final int RENAME = 12;
  static final int LINK = 13;
  static final int OPEN = 14;
  static final int READ = 15;
  static final int WRITE = 16;
  static final int STATFS = 17;
  static final int RELEASE = 18;
  static final int FSYNC = 20;
  static final int SETXATTR = 21;
  static final int GETXATTR = 22;
  static final int LISTXATTR = 23;
  static final int REMOVEXATTR = 24;
  static final int FLUSH = 25;
  static final int INIT = 26;
  static final int OPENDIR = 27;
  static final int READDIR = 28;
  static final int RELEASEDIR = 29;
  static final int FSYNCDIR = 30;
  static final int GETLK = 31;
  static final int SETLK = 32;
  static final int SETLKW = 33;
  static final int CREATE = 35;
  static final int INTERRUPT = 36;
  static final int DESTROY = 38;
  static final int BATCH_FORGET = 42;
  static final int FALLOCATE = 43;
  static final int READDIRPLUS = 44;
  static final int RENAME2 = 45;
  static final int LSEEK = 46;
  static final int COPY_FILE_RANGE = 47;
  static final int TMPFILE = 51;
  static final int STATX = 52;

  private Protocol() {}

  /** struct fuse_in_header. */
  static final class InHeader {
    static final int LENGTH = 0;
    static final int OPCODE = 4;
    static final int UNIQUE = 8;
    static final int NODE = 16;
    static final int UID = 24;
    static final int GID = 28;
    static final int PID = 32;

    /** Unsigned 16 bits: extensions at the request's end, in units of 8 bytes. */
    static final int EXTENSIONS = 36;

    static final int BYTES = 40;

    private InHeader() {}
  }

  /** struct fuse_out_header. */
  static final class OutHeader {
    static final int LENGTH = 0;
    static final int ERROR = 4;
    static final int UNIQUE = 8;
    static final int BYTES = 16;

    private OutHeader() {}
  }

  /** In the place of an answer's error, what is told; the numbers of enum fuse_notify_code. */
  static final int NOTIFY_INVAL_INODE = 2;

  /** struct fuse_notify_inval_inode_out, from the beginning of the message. */
  static final class InvalidateInode {
    static final int NODE = OutHeader.BYTES;
    static final int OFFSET = OutHeader.BYTES + 8;
    static final int LENGTH = OutHeader.BYTES + 16;
    static final int BYTES = OutHeader.BYTES + 24;

    private InvalidateInode() {}
  }

  /** For how long attributes are valid, in struct fuse_entry_out and struct fuse_attr_out. */
  static final class Valid {
    static final int ENTRY_SECONDS = OutHeader.BYTES + 24;
    static final int ENTRY_NANOS = OutHeader.BYTES + 36;
    static final int ATTRIBUTES_SECONDS = OutHeader.BYTES;
    static final int ATTRIBUTES_NANOS = OutHeader.BYTES + 8;

    private Valid() {}
  }

  /** struct fuse_init_in and fuse_init_out. */
  static final class Init {
    static final int MAJOR = 0;
    static final int MINOR = 4;
    static final int READ_AHEAD = 8;
    static final int FLAGS = 12;
    static final int BYTES_LEAST = 16;

    /** Only with {@link #EXTENDED}. */
    static final int FLAGS2 = 16;

    static final int ANSWER_BYTES = 64;

    static final long ASYNC_READ = 1;
    static final long POSIX_LOCKS = 1 << 1;
    static final long ATOMIC_O_TRUNC = 1 << 3;
    static final long EXPORT_SUPPORT = 1 << 4;
    static final long BIG_WRITES = 1 << 5;
    static final long DONT_MASK = 1 << 6;
    static final long FLOCK_LOCKS = 1 << 10;
    static final long AUTO_INVAL_DATA = 1 << 12;
    static final long DO_READDIRPLUS = 1 << 13;
    static final long READDIRPLUS_AUTO = 1 << 14;
    static final long ASYNC_DIO = 1 << 15;
    static final long PARALLEL_DIROPS = 1 << 18;
    static final long POSIX_ACL = 1 << 20;
    static final long MAX_PAGES = 1 << 22;
    static final long HANDLE_KILLPRIV_V2 = 1 << 28;
    static final long SETXATTR_EXT = 1 << 29;
    static final long EXTENDED = 1 << 30;
    static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;

    private Init() {}
  }

  /** struct fuse_setattr_in. */
  static final class SetAttr {
    static final int VALID = 0;
    static final int SIZE = 16;
    static final int ACCESSED = 32;
    static final int MODIFIED = 40;
    static final int ACCESSED_NANOS = 56;
    static final int MODIFIED_NANOS = 60;
    static final int MODE = 68;
    static final int UID = 76;
    static final int GID = 80;
    static final int BYTES = 88;

    static final int HAS_MODE = 1;
    static final int HAS_UID = 1 << 1;
    static final int HAS_GID = 1 << 2;
    static final int HAS_SIZE = 1 << 3;
    static final int HAS_ACCESSED = 1 << 4;
    static final int HAS_MODIFIED = 1 << 5;
    static final int ACCESSED_NOW = 1 << 7;
    static final int MODIFIED_NOW = 1 << 8;

    private SetAttr() {}
  }

  /** struct fuse_mknod_in; the name follows. */
  static final class MakeNode {
    static final int MODE = 0;
    static final int DEVICE = 4;
    static final int UMASK = 8;
    static final int BYTES = 16;

    private MakeNode() {}
  }

  /** struct fuse_mkdir_in; the name follows. */
  static final class MakeDirectory {
    static final int MODE = 0;
    static final int UMASK = 4;
    static final int BYTES = 8;

    private MakeDirectory() {}
  }

  /** struct fuse_rename_in and fuse_rename2_in; both names follow. */
  static final class Rename {
    static final int NEW_DIRECTORY = 0;
    static final int BYTES = 8;
    static final int FLAGS = 8;
    static final int BYTES_2 = 16;

    private Rename() {}
  }

  /** struct fuse_link_in; the new name follows. */
  static final class Link {
    static final int NODE = 0;
    static final int BYTES = 8;

    private Link() {}
  }

  /** struct fuse_open_in and fuse_open_out. */
  static final class Open {
    static final int FLAGS = 0;
    static final int BYTES = 8;

    static final int ANSWER_BYTES = 16;
    static final int DIRECT_IO = 1;

    private Open() {}
  }

  /** struct fuse_copy_file_range_in. */
  static final class Copy {
    static final int HANDLE = 0;
    static final int OFFSET = 8;
    static final int TO_HANDLE = 24;
    static final int TO_OFFSET = 32;
    static final int LENGTH = 40;
    static final int FLAGS = 48;
    static final int BYTES = 56;

    private Copy() {}
  }

  /** struct fuse_create_in; the name follows. */
  static final class Create {
    static final int FLAGS = 0;
    static final int MODE = 4;
    static final int UMASK = 8;
    static final int BYTES = 16;

    private Create() {}
  }

  /** struct fuse_read_in, for directories too. */
  static final class Read {
    static final int HANDLE = 0;
    static final int OFFSET = 8;
    static final int SIZE = 16;
    static final int BYTES = 40;

    private Read() {}
  }

  /** struct fuse_write_in; the data follows. */
  static final class Write {
    static final int HANDLE = 0;
    static final int OFFSET = 8;
    static final int SIZE = 16;
    static final int FLAGS = 20;

    /**
     * The descriptor's at this moment, as open(2) has them, and O_DSYNC if this call asks for it.
     */
    static final int OPEN_FLAGS = 32;

    static final int BYTES = 40;

    /** The kernel's page cache writes, with any handle of the file. */
    static final int CACHE = 1;

    private Write() {}
  }

  /** struct fuse_release_in, fuse_flush_in and fuse_fsync_in begin with the handle. */
  static final class Handle {
    static final int HANDLE = 0;
    static final int BYTES = 16;

    /** Of struct fuse_flush_in: whose locks go. */
    static final int LOCK_OWNER = 16;

    static final int FLUSH_BYTES = 24;

    private Handle() {}
  }

  /** struct fuse_lk_in. */
  static final class Lock {
    static final int HANDLE = 0;
    static final int OWNER = 8;
    static final int FIRST = 16;
    static final int LAST = 24;
    static final int TYPE = 32;
    static final int PID = 36;
    static final int FLAGS = 40;
    static final int BYTES = 48;

    /** For flock(2). */
    static final int FLOCK = 1;

    // Types, as fcntl(2) has them.
    static final int SHARED = 0;
    static final int EXCLUSIVE = 1;
    static final int NONE = 2;

    private Lock() {}
  }

  /** struct fuse_setxattr_in; name and value follow. */
  static final class SetXattr {
    static final int SIZE = 0;
    static final int FLAGS = 4;

    /** Without SETXATTR_EXT. */
    static final int BYTES_SHORT = 8;

    /** With SETXATTR_EXT. */
    static final int MORE_FLAGS = 8;

    static final int BYTES = 16;

    /** Of the flags that SETXATTR_EXT brings: setgid goes with the new access list. */
    static final int ACL_KILL_SGID = 1;

    private SetXattr() {}
  }

  /** struct fuse_getxattr_in; for GETXATTR the name follows. */
  static final class GetXattr {
    static final int SIZE = 0;
    static final int BYTES = 8;

    private GetXattr() {}
  }

  /** struct fuse_fallocate_in. */
  static final class Allocate {
    static final int HANDLE = 0;
    static final int OFFSET = 8;
    static final int LENGTH = 16;
    static final int MODE = 24;
    static final int BYTES = 32;

    private Allocate() {}
  }

  /** struct fuse_lseek_in. */
  static final class Seek {
    static final int HANDLE = 0;
    static final int OFFSET = 8;
    static final int WHENCE = 16;
    static final int BYTES = 24;

    private Seek() {}
  }

  /** struct fuse_forget_in, fuse_batch_forget_in and fuse_forget_one. */
  static final class Forget {
    static final int LOOKUPS = 0;
    static final int BYTES = 8;

    static final int BATCH_COUNT = 0;
    static final int BATCH_BYTES = 8;
    static final int ONE_NODE = 0;
    static final int ONE_LOOKUPS = 8;
    static final int ONE_BYTES = 16;

    private Forget() {}
  }

  /** struct fuse_interrupt_in. */
  static final class Interrupt {
    static final int UNIQUE = 0;
    static final int BYTES = 8;

    private Interrupt() {}
  }

  /** struct fuse_dirent and fuse_direntplus. */
  static final class Dirent {
    static final int BYTES = 24;
    static final int ENTRY_BYTES = 128;

    private Dirent() {}

    /** With its name, filled up to 8 bytes. */
    static int bytes(int nameLength) {
      return (BYTES + nameLength + 7) & ~7;
    }
  }
}
