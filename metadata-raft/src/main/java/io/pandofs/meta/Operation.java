package io.pandofs.meta;

import io.pandofs.common.Errno;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change of the namespace, complete in itself: numbers are chosen by who makes it, time and
 * caller travel beside it (see {@code Request}), so that the engine is a pure function of it and of
 * the tables. Permission is checked by the mount's kernel ({@code default_permissions}); the engine
 * checks what must hold whoever asks.
 *
 * <p>What another session holds a lease of may be other than the tables say: an operation that
 * looks at it or would change it is refused with LEASED, see {@link Reply} (PROTOCOL rules 8 and
 * 10).
 *
 * <p>Immutable. Errors are those of the Linux manual page named at each operation.
 */
public sealed interface Operation {

  /** rename(2) flag: fail with EEXIST rather than replace. */
  int RENAME_NOREPLACE = 1;

  /** rename(2) flag: swap two names atomically. */
  int RENAME_EXCHANGE = 2;

  /** fallocate(2) mode: do not change the size. */
  int FALLOC_KEEP_SIZE = 1;

  /** fallocate(2) mode: make a hole; only with KEEP_SIZE. */
  int FALLOC_PUNCH_HOLE = 2;

  /** fallocate(2) mode: make the range read as zeros. */
  int FALLOC_ZERO_RANGE = 16;

  /** setxattr(2) flag: EEXIST if it is there. */
  int XATTR_CREATE = 1;

  /** setxattr(2) flag: ENODATA if it is not there. */
  int XATTR_REPLACE = 2;

  /**
   * open(2) with O_CREAT, mknod(2), mkdir(2), symlink(2). Without {@code exclusive} an existing
   * regular file is answered as it is.
   *
   * @param inode an unused number of the session's range
   * @param device for devices, else 0
   * @param target of a symlink, 1 to 4095 bytes; else null
   * @param leased whether a regular file or a directory that is really made is born with a lease of
   *     the session
   */
  @SuppressWarnings("ArrayRecordComponent") // a value on its way; nobody compares it
  record Create(
      InodeId parent,
      FileName name,
      InodeId inode,
      FileType type,
      CreateMode mode,
      long device,
      byte @Nullable [] target,
      boolean exclusive,
      boolean leased)
      implements Operation {
    /** Of an inode that is born without a lease; the umask is applied already. */
    public Create(
        InodeId parent,
        FileName name,
        InodeId inode,
        FileType type,
        int permissions,
        long device,
        byte @Nullable [] target,
        boolean exclusive) {
      this(parent, name, inode, type, CreateMode.of(permissions), device, target, exclusive, false);
    }
  }

  /**
   * open(2) with O_TMPFILE: a regular file without a name, an orphan from the start. ENOTDIR if the
   * parent, whose group it may inherit, is no directory.
   *
   * @param inode an unused number of the session's range
   * @param linkable whether it may get a name, once: without O_EXCL
   * @param leased whether it is born with a lease of the session
   */
  record CreateUnnamed(
      InodeId parent, InodeId inode, CreateMode mode, boolean linkable, boolean leased)
      implements Operation {}

  /**
   * link(2): EPERM for a directory, EMLINK, EEXIST, ENOENT for an orphan other than a {@link
   * CreateUnnamed linkable} one.
   */
  record Link(InodeId inode, InodeId parent, FileName name) implements Operation {}

  /** unlink(2): EISDIR for a directory. The last link gone, the inode becomes an orphan. */
  record Unlink(InodeId parent, FileName name) implements Operation {}

  /** rmdir(2): ENOTDIR, ENOTEMPTY. */
  record RemoveDirectory(InodeId parent, FileName name) implements Operation {}

  /** renameat2(2) with {@link #RENAME_NOREPLACE} or {@link #RENAME_EXCHANGE}. */
  record Rename(InodeId parent, FileName name, InodeId newParent, FileName newName, int flags)
      implements Operation {}

  /**
   * chmod(2), chown(2), truncate(2), utimensat(2): what is null stays. {@code sizeBytes} applies to
   * regular files; shrinking cuts extents, growing makes a hole. ctime moves; see {@link Accessed}
   * for a read. With all null it is a chown(2) of neither owner nor group, which takes privileges
   * from a file as any chown does.
   */
  record SetAttributes(
      InodeId inode,
      @Nullable Integer permissions,
      @Nullable Integer uid,
      @Nullable Integer gid,
      @Nullable Long sizeBytes,
      @Nullable Timestamp accessed,
      @Nullable Timestamp modified)
      implements Operation {
    public boolean changesOwner() {
      boolean others =
          permissions != null || sizeBytes != null || accessed != null || modified != null;
      return uid != null || gid != null || !others;
    }
  }

  /**
   * A file was read: atime becomes this and nothing else changes, ctime neither. While another
   * session holds the inode's lease it changes nothing at all, without an error.
   */
  record Accessed(InodeId inode, Timestamp time) implements Operation {}

  /**
   * Makes bytes part of a file that are stable on a quorum, or in the operation itself. The size
   * becomes at least the end of the last extent; what the extents cover is replaced. Extents are in
   * order of offset and do not overlap; each lies in one of {@code blocks} or {@code inline}, each
   * of which is new and is covered by at least one extent.
   */
  record Write(InodeId inode, List<Extent> extents, List<NewBlock> blocks, List<InlineBlock> inline)
      implements Operation {
    public Write {
      extents = List.copyOf(extents);
      blocks = List.copyOf(blocks);
      inline = List.copyOf(inline);
    }

    /** Of blocks that are on their replicas. */
    public Write(InodeId inode, List<Extent> extents, List<NewBlock> blocks) {
      this(inode, extents, blocks, List.of());
    }
  }

  /**
   * Says that the bytes of inline blocks are stable on their replicas: they leave the tables. What
   * is no inline block any more, or too few of its group's present replicas have, stays as it is.
   * No file changes. The reply's number is how many blocks it was.
   */
  record MoveInline(List<NewBlock> blocks) implements Operation {
    public MoveInline {
      blocks = List.copyOf(blocks);
    }
  }

  /**
   * Says that bytes of a file lie in new blocks as well, and takes them from there from now on. So
   * neither content nor attributes change. What no longer lies where {@code from} says, because it
   * was written or cut meanwhile, stays as it is; a new block that nothing moves to is no part of
   * the file. While another session holds the file's lease extents move as they are, whole and each
   * by itself: what that one cuts ahead of the log it cuts where they begin and end. The reply's
   * number is how many bytes moved.
   *
   * @param from where the bytes were, in order of offset, not overlapping
   * @param to where they are too; as the extents of {@link Write}, and may be fewer, since what
   *     lies side by side in file and block is one extent
   */
  record Relocate(InodeId inode, List<Extent> from, List<Extent> to, List<NewBlock> blocks)
      implements Operation {
    public Relocate {
      from = List.copyOf(from);
      to = List.copyOf(to);
      blocks = List.copyOf(blocks);
    }
  }

  /**
   * copy_file_range(2): bytes of a file become bytes of another, or of the same elsewhere, by way
   * of sharing blocks; holes become holes. The reply's number is how many, which may be fewer than
   * were asked for: to the end of the source, or as many as are done in one entry. EINVAL for
   * ranges of one file that overlap, EFBIG, EOPNOTSUPP for a block that is shared too often.
   */
  record CopyRange(InodeId from, long fromOffset, InodeId to, long toOffset, long length)
      implements Operation {}

  /** fallocate(2); EOPNOTSUPP for modes other than those above. */
  record Allocate(InodeId inode, int mode, long offset, long length) implements Operation {}

  /**
   * setxattr(2), but for the lists of {@link SetAcl}.
   *
   * @param name see {@link XattrName}
   * @param value 0 to 65536 bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // as above
  record SetXattr(InodeId inode, byte[] name, byte[] value, int flags) implements Operation {}

  /** removexattr(2): ENODATA. Not for the lists of {@link SetAcl}. */
  @SuppressWarnings("ArrayRecordComponent") // as above
  record RemoveXattr(InodeId inode, byte[] name) implements Operation {}

  /**
   * setxattr(2) and removexattr(2) of an access control list. The mode's permissions become those
   * of an access list, and one that says no more than they do is not kept. EOPNOTSUPP for a
   * symlink, EACCES for a default list of what is no directory.
   *
   * @param list null to have none, which is no error if there is none
   * @param clearsSetgid whether setgid goes with a change of the mode, as the caller's kernel has
   *     found (FUSE_SETXATTR_ACL_KILL_SGID)
   */
  record SetAcl(InodeId inode, Acl.Kind kind, @Nullable Acl list, boolean clearsSetgid)
      implements Operation {}

  /**
   * Gives the session the lease of a regular file or a directory: the right to take changes of it
   * before they are in the log. That of a directory covers its names, and all that has its one name
   * in it and is no directory itself (PROTOCOL rule 12). No error if it holds it already; EINVAL
   * for what is neither.
   */
  record AcquireLease(InodeId inode) implements Operation {}

  /** Gives leases back. No error for an inode that is gone or that the session has no lease of. */
  record ReleaseLeases(List<InodeId> inodes) implements Operation {
    public ReleaseLeases {
      inodes = List.copyOf(inodes);
    }
  }

  /**
   * flock(2) and fcntl(2), F_SETLK and F_SETLKW: the owner, of the request's session, has a lock of
   * this type on the range afterwards, in the place of what it had there. EAGAIN if others have
   * what conflicts and {@code ticket} is 0; else {@link #WAITS}, and it is granted as soon as they
   * have given that up. EDEADLK if they wait for this owner themselves (POSIX locks only), ENOLCK
   * for too many. An owner with a shared FLOCK lock that waits for an exclusive one has none
   * meanwhile. Asked for again under the same {@code ticket} it is the same wait.
   *
   * @param owner what the mount's kernel knows the holder by
   * @param first byte of the range
   * @param last byte of the range, which is in it; {@code Long.MAX_VALUE}: to the end
   * @param type null: none, that is, unlock; never waits
   * @param pid of who asks
   * @param ticket a number of the session's own, over 0, for who waits; else 0
   */
  record SetLock(
      InodeId inode,
      FileLock.Kind kind,
      long owner,
      long first,
      long last,
      FileLock.@Nullable Type type,
      int pid,
      long ticket)
      implements Operation {
    /** The answer to who waits. */
    public static final Reply WAITS = new Reply(Errno.OK, null, 1);
  }

  /** Waits no more for a lock. {@link #GIVEN_UP}, or OK if nobody waited: it was granted. */
  record CancelLock(InodeId inode, FileLock.Kind kind, long ticket) implements Operation {
    /** The answer when it was waited for. */
    public static final Reply GIVEN_UP = new Reply(Errno.OK, null, 1);
  }

  /** Grants the session a range of numbers that nobody else gets; the reply has the first. */
  record ReserveNumbers(NumberKind kind, int count) implements Operation {}

  /** What numbers are granted for. */
  enum NumberKind {
    INODE,
    BLOCK_SERIAL
  }
}
