package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.mount.fuse.direct.Protocol.Create;
import io.pandofs.mount.vfs.FileOperations;
import io.pandofs.mount.vfs.Namespace;
import io.pandofs.mount.vfs.OpenFlags;

/**
 * open(2) with O_CREAT of a name that was free when the kernel looked. If another mount has made
 * the file meanwhile, the kernel has not checked whether the caller may open it. Its owner, and
 * root, are judged here; for others the answer is ESTALE, upon which the kernel looks once more and
 * judges itself. Thread-safe.
 */
final class Creation {

  private static final int PERMISSIONS = 07777;
  private static final int ACCESS_MASK = 3;
  private static final int OWNER_SHIFT = 6;
  private static final int READ = 4;
  private static final int WRITE = 2;

  /** How often a name may come and go meanwhile. */
  private static final int TRIES_MAX = 16;

  private final Namespace namespace;
  private final FileOperations files;

  Creation(Namespace namespace, FileOperations files) {
    this.namespace = namespace;
    this.files = files;
  }

  FileOperations.Opened open(Request in) throws ErrnoException {
    Caller caller = in.caller();
    InodeId parent = in.inode();
    FileName name = in.name(Create.BYTES);
    int flags = in.int32(Create.FLAGS);
    CreateMode mode = mode(in);
    for (int i = 0; i < TRIES_MAX; i++) {
      try {
        return files.create(caller, parent, name, mode, flags | OpenFlags.EXCLUSIVE);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EEXIST || (flags & OpenFlags.EXCLUSIVE) != 0) {
          throw e;
        }
      }
      try {
        Attributes found = namespace.lookup(parent, name);
        if (!mayOpen(caller, found, flags)) {
          break;
        }
        return files.open(caller, found.inode(), flags);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENOENT && e.errno() != Errno.ESTALE) {
          throw e;
        }
      }
    }
    throw new ErrnoException(Errno.ESTALE);
  }

  /** open(2) with O_TMPFILE. */
  FileOperations.Opened openUnnamed(Request in) throws ErrnoException {
    return files.createUnnamed(in.caller(), in.inode(), mode(in), in.int32(Create.FLAGS));
  }

  private static CreateMode mode(Request in) {
    return new CreateMode(
        in.int32(Create.MODE) & PERMISSIONS, NameRequests.umask(in, Create.UMASK));
  }

  private static int wanted(int access) {
    return switch (access) {
      case OpenFlags.READ_ONLY -> READ;
      case OpenFlags.WRITE_ONLY -> WRITE;
      default -> READ | WRITE;
    };
  }

  private static boolean mayOpen(Caller caller, Attributes file, int flags) {
    if (!file.isRegular()) {
      return false;
    }
    if (caller.isRoot()) {
      return true;
    }
    int access = flags & ACCESS_MASK;
    int wanted = wanted(access);
    if ((flags & OpenFlags.TRUNCATE) != 0) {
      wanted |= WRITE;
    }
    return caller.uid() == file.uid() && ((file.permissions() >> OWNER_SHIFT) & wanted) == wanted;
  }
}
