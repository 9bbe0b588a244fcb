package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Names and attributes. Every look includes what any mount's completed call has changed: a change
 * is in the log when the call returns, or covered by a lease of this mount. Thread-safe.
 *
 * <p>Errors are those of the Linux manual pages; permission is the kernel's to check.
 */
public final class Namespace {

  /** PATH_MAX without its NUL: the longest target of a symlink. */
  private static final int TARGET_BYTES_MAX = 4095;

  /** How often a name is looked up again because what it meant was gone a moment later. */
  private static final int LOOKS_MAX = 4;

  private final Clock clock;
  private final Sessions sessions;
  private final Coherence coherence;
  private final OpenFiles openFiles;
  private final Leases leases;
  private final Shape shape;
  private final AccessTimes accessTimes;

  Namespace(
      Clock clock,
      Sessions sessions,
      Coherence coherence,
      OpenFiles openFiles,
      Leases leases,
      Shape shape,
      AccessTimes accessTimes) {
    this.openFiles = openFiles;
    this.leases = leases;
    this.clock = clock;
    this.sessions = sessions;
    this.coherence = coherence;
    this.shape = shape;
    this.accessTimes = accessTimes;
  }

  /**
   * The inode of a name in a directory. It can be opened a moment later, whatever happens to it.
   */
  public Attributes lookup(InodeId parent, FileName name) throws ErrnoException {
    for (int look = 1; ; look++) {
      OpenFiles.Moment before = openFiles.moment();
      Attributes found = found(view -> view.lookup(parent, name));
      openFiles.looked(found.inode());
      if (look == LOOKS_MAX || before.equals(openFiles.moment())) {
        return found;
      }
    }
  }

  /**
   * The inode that a sequence of names leads to from the root, on one view; symlinks are not
   * followed.
   */
  public InodeId walk(List<FileName> path) throws ErrnoException {
    if (path.isEmpty()) {
      return InodeId.ROOT;
    }
    return coherence.look(view -> walk(view, path).inode());
  }

  /**
   * {@link #walk}, with what that one view shows of the inode: size and times of a file that is
   * dirty here may be older than {@link #attributes}, all else is as of now.
   */
  public Attributes walkAsShown(List<FileName> path) throws ErrnoException {
    return coherence.look(
        view -> path.isEmpty() ? view.attributes(InodeId.ROOT) : walk(view, path));
  }

  /** {@link #walk} and {@link #attributes} in one. */
  public Attributes walkAttributes(List<FileName> path) throws ErrnoException {
    return found(view -> path.isEmpty() ? view.attributes(InodeId.ROOT) : walk(view, path));
  }

  /**
   * What a view shows, if that is all; what this mount has the lease of is looked at anew. It may
   * be gone by then, with the session: then the name does not mean it any more.
   */
  private Attributes found(Coherence.Look<Attributes> name) throws ErrnoException {
    for (int look = 1; ; look++) {
      Attributes shown = coherence.look(name);
      if (shown.holder() == null || shown.isDirectory()) {
        return shown;
      }
      try {
        return attributes(shown.inode());
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ESTALE || look == LOOKS_MAX) {
          throw e;
        }
      }
    }
  }

  private static Attributes walk(MetadataView view, List<FileName> path) throws ErrnoException {
    InodeId at = InodeId.ROOT;
    for (FileName name : path.subList(0, path.size() - 1)) {
      at = view.lookup(at, name).inode();
    }
    return view.lookup(at, path.get(path.size() - 1));
  }

  /** The directory that a directory is in; the root's is the root. */
  public Attributes parent(InodeId directory) throws ErrnoException {
    return coherence.look(view -> view.attributes(view.parent(directory)));
  }

  /** stat(2); a file that is dirty here shows its own size and mtime. */
  public Attributes attributes(InodeId inode) throws ErrnoException {
    return coherence.attributes(inode);
  }

  /**
   * Changes attributes. What is dirty of the file is committed first, so that neither its time nor
   * its setuid bit is overtaken by an older write.
   */
  public Attributes change(Caller caller, InodeId inode, AttributeChange change)
      throws ErrnoException {
    Timestamp now = clock.now();
    Long size = change.sizeBytes();
    if (size != null && size < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    Operation operation =
        new Operation.SetAttributes(
            inode,
            change.permissions(),
            change.uid(),
            change.gid(),
            size,
            AttributeChange.resolve(change.accessed(), now),
            AttributeChange.resolve(change.modified(), now));
    Attributes changed = shape.submit(inode, operation, caller, now).attributes();
    return changed != null ? changed : attributes(inode);
  }

  /** mknod(2) for files, fifos, sockets and devices. */
  public Attributes makeNode(
      Caller caller, InodeId parent, FileName name, FileType type, CreateMode mode, long device)
      throws ErrnoException {
    if (type == FileType.DIRECTORY || type == FileType.SYMLINK) {
      throw new ErrnoException(Errno.EINVAL);
    }
    boolean isDevice = type == FileType.CHARACTER_DEVICE || type == FileType.BLOCK_DEVICE;
    return create(caller, parent, name, type, mode, isDevice ? device : 0, null);
  }

  public Attributes makeDirectory(Caller caller, InodeId parent, FileName name, CreateMode mode)
      throws ErrnoException {
    return create(caller, parent, name, FileType.DIRECTORY, mode, 0, null);
  }

  public Attributes makeSymlink(Caller caller, InodeId parent, FileName name, byte[] target)
      throws ErrnoException {
    if (target.length == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    if (target.length > TARGET_BYTES_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    return create(caller, parent, name, FileType.SYMLINK, CreateMode.of(0777), 0, target);
  }

  private Attributes create(
      Caller caller,
      InodeId parent,
      FileName name,
      FileType type,
      CreateMode mode,
      long device,
      byte @Nullable [] target)
      throws ErrnoException {
    Timestamp now = clock.now();
    boolean leased = type == FileType.DIRECTORY && coherence.worksAhead();
    leases.workIn(parent);
    return coherence.retry(
        () -> {
          // The number is good in the session that it was granted to.
          MetadataSession session = sessions.current();
          InodeId inode = session.nextInode();
          Operation operation =
              new Operation.Create(parent, name, inode, type, mode, device, target, true, leased);
          Coherence.Attempt<Attributes> make =
              () -> {
                Attributes made = coherence.submitTo(session, operation, caller, now).attributes();
                return made != null ? made : attributes(inode);
              };
          return leased ? leases.makeDirectory(inode, make) : make.make();
        });
  }

  /** The target of a symlink; EINVAL if it is none. */
  public byte[] readLink(InodeId inode) throws ErrnoException {
    return coherence.look(
        view -> {
          byte[] target = view.readLink(inode);
          accessTimes.read(view.attributes(inode), new AtomicBoolean());
          return target;
        });
  }

  public Attributes link(Caller caller, InodeId inode, InodeId parent, FileName name)
      throws ErrnoException {
    Timestamp now = clock.now();
    MetadataSession session = coherence.session();
    shape.flush(inode);
    leases.workIn(parent);
    Operation link = new Operation.Link(inode, parent, name);
    Reply reply = coherence.submitIn(session, link, caller, now);
    Attributes linked = reply.attributes();
    return linked != null ? linked : attributes(inode);
  }

  public void unlink(Caller caller, InodeId parent, FileName name) throws ErrnoException {
    leases.workIn(parent);
    coherence.submit(new Operation.Unlink(parent, name), caller, clock.now());
  }

  public void removeDirectory(Caller caller, InodeId parent, FileName name) throws ErrnoException {
    leases.workIn(parent);
    coherence.submit(new Operation.RemoveDirectory(parent, name), caller, clock.now());
  }

  /**
   * renameat2(2). A name never overtakes the data of its file: what is dirty of it is committed
   * first.
   *
   * @param flags RENAME_NOREPLACE or RENAME_EXCHANGE of {@link Operation}, or 0
   */
  public void rename(
      Caller caller, InodeId parent, FileName name, InodeId newParent, FileName newName, int flags)
      throws ErrnoException {
    if ((flags & ~(Operation.RENAME_NOREPLACE | Operation.RENAME_EXCHANGE)) != 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    Timestamp now = clock.now();
    // What was written in it and is lost with it must not be named by the next one.
    MetadataSession session = coherence.session();
    if (shape.isConcerned()) {
      shape.flush(find(parent, name));
      if (flags == Operation.RENAME_EXCHANGE) {
        shape.flush(find(newParent, newName));
      }
    }
    leases.workIn(parent);
    leases.workIn(newParent);
    Operation rename = new Operation.Rename(parent, name, newParent, newName, flags);
    coherence.submitIn(session, rename, caller, now);
  }

  private @Nullable InodeId find(InodeId parent, FileName name) throws ErrnoException {
    try {
      return coherence.look(view -> view.lookup(parent, name).inode());
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return null;
      }
      throw e;
    }
  }
}
