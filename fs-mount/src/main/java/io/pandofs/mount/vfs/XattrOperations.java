package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Caller;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.Operation;
import io.pandofs.meta.XattrName;
import java.util.List;

/** Extended attributes (xattr(7)), in the namespaces that Linux has. Thread-safe. */
public final class XattrOperations {

  private static final int VALUE_BYTES_MAX = 64 << 10;

  private final Sessions sessions;
  private final Coherence coherence;
  private final Clock clock;

  XattrOperations(Sessions sessions, Coherence coherence, Clock clock) {
    this.sessions = sessions;
    this.coherence = coherence;
    this.clock = clock;
  }

  /** The value; ENODATA if there is none. */
  public byte[] get(InodeId inode, byte[] name) throws ErrnoException {
    try (MetadataView view = sessions.view()) {
      return view.xattr(inode, name);
    }
  }

  /**
   * listxattr(2). Names in trusted. are shown to root only (xattr(7)); the kernel leaves that to
   * us.
   */
  public List<byte[]> list(Caller caller, InodeId inode) throws ErrnoException {
    List<byte[]> names;
    try (MetadataView view = sessions.view()) {
      names = view.xattrNames(inode);
    }
    return caller.isRoot()
        ? names
        : names.stream().filter(name -> !XattrName.isTrusted(name)).toList();
  }

  /**
   * setxattr(2).
   *
   * @param flags XATTR_CREATE or XATTR_REPLACE of {@link Operation}, or 0
   * @throws ErrnoException as {@link XattrName} says, E2BIG
   */
  public void set(Caller caller, InodeId inode, byte[] name, byte[] value, int flags)
      throws ErrnoException {
    XattrName.check(name);
    if (value.length > VALUE_BYTES_MAX) {
      throw new ErrnoException(Errno.E2BIG);
    }
    coherence.submit(new Operation.SetXattr(inode, name, value, flags), caller, clock.now());
  }

  public void remove(Caller caller, InodeId inode, byte[] name) throws ErrnoException {
    XattrName.check(name);
    coherence.submit(new Operation.RemoveXattr(inode, name), caller, clock.now());
  }
}
