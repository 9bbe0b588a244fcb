package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.mount.fuse.MadeEntries;
import io.pandofs.mount.fuse.direct.Protocol.Link;
import io.pandofs.mount.fuse.direct.Protocol.MakeDirectory;
import io.pandofs.mount.fuse.direct.Protocol.MakeNode;
import io.pandofs.mount.fuse.direct.Protocol.Rename;
import io.pandofs.mount.fuse.direct.Protocol.SetAttr;
import io.pandofs.mount.vfs.AttributeChange;
import io.pandofs.mount.vfs.Namespace;
import io.pandofs.mount.vfs.TimeChange;
import io.pandofs.mount.vfs.VolumeSpace;

/** Requests about names and attributes. Thread-safe; calls block. */
final class NameRequests {

  private static final int PERMISSIONS = 07777;
  private static final int UMASK = 0777;
  private static final int BLOCK_SIZE = 4096;

  private final Namespace namespace;
  private final Nodes nodes;
  private final MadeEntries<InodeId> created;

  /**
   * @param created what FUSE_CREATE has made, which the kernel looks at once more
   */
  NameRequests(Namespace namespace, Nodes nodes, MadeEntries<InodeId> created) {
    this.created = created;
    this.namespace = namespace;
    this.nodes = nodes;
  }

  /** FUSE_LOOKUP; "." and ".." come from who opens by file handle (EXPORT_SUPPORT). */
  void lookup(Request in, Reply out) throws ErrnoException {
    byte[] name = in.text(0);
    if (isDots(name)) {
      nodes.give(
          name.length == 1 ? namespace.attributes(in.inode()) : namespace.parent(in.inode()), out);
    } else {
      Attributes found = namespace.lookup(in.inode(), FileName.of(name));
      nodes.give(found, out);
      out.tells(found, in.inode());
    }
  }

  private static boolean isDots(byte[] name) {
    return (name.length == 1 || name.length == 2) && name[0] == '.' && name[name.length - 1] == '.';
  }

  void getAttributes(Request in, Reply out) throws ErrnoException {
    InodeId inode = in.inode();
    Attributes made = created.isEmpty() ? null : created.take(in.thread(), inode);
    if (made != null) {
      out.attributes(MadeEntries.orAsMade(() -> nodes.attributes(inode), made));
      return;
    }
    Attributes shown = nodes.attributes(inode);
    out.attributes(shown);
    if (shown.isDirectory()) {
      out.tells(shown, null); // of a file it would not be known which directory's lease covers it
    }
  }

  void statx(Request in, Reply out) throws ErrnoException {
    out.statx(nodes.attributes(in.inode()));
  }

  /**
   * FUSE_SETATTR. One of nothing comes from chown(2) of neither owner nor group, which takes
   * set-user-id and set-group-id away and is the owner's to make, and before a write that does so,
   * which is anybody's; the kernel does not tell them apart (fuse_setattr in fs/fuse/dir.c, with
   * HANDLE_KILLPRIV_V2). So that of a stranger changes nothing: the write does itself.
   */
  void setAttributes(Request in, Reply out) throws ErrnoException {
    in.needs(SetAttr.BYTES);
    int valid = in.int32(SetAttr.VALID);
    AttributeChange change =
        new AttributeChange(
            has(valid, SetAttr.HAS_MODE) ? in.int32(SetAttr.MODE) & PERMISSIONS : null,
            has(valid, SetAttr.HAS_UID) ? in.int32(SetAttr.UID) : null,
            has(valid, SetAttr.HAS_GID) ? in.int32(SetAttr.GID) : null,
            has(valid, SetAttr.HAS_SIZE) ? (Long) in.int64(SetAttr.SIZE) : null,
            has(valid, SetAttr.HAS_ACCESSED)
                ? time(
                    in, has(valid, SetAttr.ACCESSED_NOW), SetAttr.ACCESSED, SetAttr.ACCESSED_NANOS)
                : null,
            has(valid, SetAttr.HAS_MODIFIED)
                ? time(
                    in, has(valid, SetAttr.MODIFIED_NOW), SetAttr.MODIFIED, SetAttr.MODIFIED_NANOS)
                : null);
    Caller caller = in.caller();
    if (change.isNone() && !caller.isRoot()) {
      Attributes shown = namespace.attributes(in.inode());
      if (caller.uid() != shown.uid()) {
        out.attributes(shown);
        return;
      }
    }
    out.attributes(namespace.change(caller, in.inode(), change));
  }

  private static boolean has(int flags, int flag) {
    return (flags & flag) != 0;
  }

  private static TimeChange time(Request in, boolean now, int secondsAt, int nanosAt)
      throws ErrnoException {
    if (now) {
      return new TimeChange.Now();
    }
    int nanos = in.int32(nanosAt);
    if (nanos < 0 || nanos > 999_999_999) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return new TimeChange.At(new Timestamp(in.int64(secondsAt), nanos));
  }

  void readLink(Request in, Reply out) throws ErrnoException {
    out.data(namespace.readLink(in.inode()));
  }

  /** FUSE_SYMLINK: the name, then the target. */
  void symlink(Request in, Reply out) throws ErrnoException {
    byte[] target = in.text(in.afterText(0));
    nodes.give(namespace.makeSymlink(in.caller(), in.inode(), in.name(0), target), out);
  }

  void makeNode(Request in, Reply out) throws ErrnoException {
    int mode = in.int32(MakeNode.MODE);
    FileType type = type(mode);
    Attributes made =
        namespace.makeNode(
            in.caller(),
            in.inode(),
            in.name(MakeNode.BYTES),
            type,
            new CreateMode(mode & PERMISSIONS, umask(in, MakeNode.UMASK)),
            Integer.toUnsignedLong(in.int32(MakeNode.DEVICE)));
    nodes.give(made, out);
  }

  /** The kernel has applied it already if it was not asked to leave that; twice does no harm. */
  static int umask(Request in, int at) {
    return in.int32(at) & UMASK;
  }

  private static FileType type(int mode) throws ErrnoException {
    try {
      return FileType.ofMode(mode);
    } catch (IllegalArgumentException e) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  void makeDirectory(Request in, Reply out) throws ErrnoException {
    CreateMode mode =
        new CreateMode(in.int32(MakeDirectory.MODE) & PERMISSIONS, umask(in, MakeDirectory.UMASK));
    FileName name = in.name(MakeDirectory.BYTES);
    nodes.give(namespace.makeDirectory(in.caller(), in.inode(), name, mode), out);
  }

  void unlink(Request in) throws ErrnoException {
    namespace.unlink(in.caller(), in.inode(), in.name(0));
  }

  void removeDirectory(Request in) throws ErrnoException {
    namespace.removeDirectory(in.caller(), in.inode(), in.name(0));
  }

  void rename(Request in) throws ErrnoException {
    rename(in, Rename.BYTES, 0);
  }

  void rename2(Request in) throws ErrnoException {
    rename(in, Rename.BYTES_2, in.int32(Rename.FLAGS));
  }

  private void rename(Request in, int namesAt, int flags) throws ErrnoException {
    namespace.rename(
        in.caller(),
        in.inode(),
        in.name(namesAt),
        in.inodeAt(Rename.NEW_DIRECTORY),
        in.name(in.afterText(namesAt)),
        flags);
  }

  void link(Request in, Reply out) throws ErrnoException {
    Attributes linked =
        namespace.link(in.caller(), in.inodeAt(Link.NODE), in.inode(), in.name(Link.BYTES));
    nodes.give(linked, out);
  }

  /** FUSE_STATFS. There is no limit to inodes; as many free ones show as there are free blocks. */
  void statfs(Reply out) throws ErrnoException {
    VolumeSpace space = nodes.space();
    long free = space.freeBytes() / BLOCK_SIZE;
    out.int64(space.totalBytes() / BLOCK_SIZE).int64(free).int64(free);
    out.int64(space.inodes() + free).int64(free);
    out.int32(BLOCK_SIZE).int32(FileName.BYTES_MAX).int32(BLOCK_SIZE).zeros(28);
  }
}
