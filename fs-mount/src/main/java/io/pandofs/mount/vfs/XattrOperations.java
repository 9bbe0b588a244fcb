package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.XattrName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Extended attributes (xattr(7)), in the namespaces that Linux has. Thread-safe. */
public final class XattrOperations {

  private static final int GROUP = 070;
  private static final int VALUE_BYTES_MAX = 64 << 10;

  private final Coherence coherence;
  private final Shape shape;
  private final Clock clock;

  XattrOperations(Coherence coherence, Shape shape, Clock clock) {
    this.coherence = coherence;
    this.shape = shape;
    this.clock = clock;
  }

  /** The value; ENODATA if there is none. */
  public byte[] get(InodeId inode, byte[] name) throws ErrnoException {
    byte[] value = shown(inode, name);
    if (XattrName.isCapability(name)) {
      // What is written and not in the log yet takes it away.
      shape.commit(inode);
      Attributes unused = coherence.attributes(inode);
      return shown(inode, name);
    }
    return value;
  }

  private static boolean isPrivilege(byte[] name) {
    return Acl.Kind.of(name) != null || XattrName.isCapability(name);
  }

  private byte[] shown(InodeId inode, byte[] name) throws ErrnoException {
    return coherence.look(view -> view.xattr(inode, name));
  }

  /**
   * listxattr(2). Names in trusted. are shown to root only (xattr(7)); the kernel leaves that to
   * us.
   *
   * @param privileges whether access control lists and capabilities are among them
   */
  public List<byte[]> list(Caller caller, InodeId inode, boolean privileges) throws ErrnoException {
    return coherence.look(view -> view.xattrNames(inode)).stream()
        .filter(name -> caller.isRoot() || !XattrName.isTrusted(name))
        .filter(name -> privileges || !isPrivilege(name))
        .toList();
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
    Operation operation = new Operation.SetXattr(inode, name, value, flags);
    if (XattrName.isCapability(name)) {
      shape.submit(inode, operation, caller, clock.now());
    } else {
      coherence.submit(operation, caller, clock.now());
    }
  }

  /**
   * What to show of an inode where nobody obeys its access control list: the mask, which its group
   * bits are otherwise, may allow its group more than the list does.
   */
  public Attributes withoutAcl(Attributes shown) throws ErrnoException {
    if ((shown.permissions() & GROUP) == 0) {
      return shown;
    }
    try {
      Acl list = Acl.of(shown(shown.inode(), Acl.Kind.ACCESS.attribute()));
      return shown.withPermissions((shown.permissions() & ~GROUP) | (list.modeAlone() & GROUP));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENODATA || e.errno() == Errno.ESTALE) {
        return shown; // it has no list, or is gone by now: then this is what it was
      }
      throw e;
    }
  }

  /**
   * setxattr(2) and removexattr(2) of an access control list.
   *
   * @param list null to have none
   * @param clearsSetgid see {@link Operation.SetAcl}
   * @throws ErrnoException EOPNOTSUPP for a symlink, EACCES for a default list of no directory
   */
  public void setAcl(
      Caller caller, InodeId inode, Acl.Kind kind, @Nullable Acl list, boolean clearsSetgid)
      throws ErrnoException {
    Operation operation = new Operation.SetAcl(inode, kind, list, clearsSetgid);
    shape.submit(inode, operation, caller, clock.now());
  }

  public void remove(Caller caller, InodeId inode, byte[] name) throws ErrnoException {
    XattrName.check(name);
    coherence.submit(new Operation.RemoveXattr(inode, name), caller, clock.now());
  }
}
