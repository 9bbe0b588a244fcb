package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Acl;
import io.pandofs.meta.XattrName;
import io.pandofs.mount.fuse.direct.Protocol.GetXattr;
import io.pandofs.mount.fuse.direct.Protocol.SetXattr;
import io.pandofs.mount.vfs.XattrOperations;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Requests about extended attributes. Thread-safe; calls block. */
final class XattrRequests {

  private final XattrOperations xattrs;
  private final Nodes nodes;
  private volatile boolean acls;

  XattrRequests(XattrOperations xattrs, Nodes nodes) {
    this.xattrs = xattrs;
    this.nodes = nodes;
  }

  /** Before the first request: whether the kernel obeys access control lists. */
  void haveAcls(boolean obeyed) {
    acls = obeyed;
  }

  void get(Request in, Reply out) throws ErrnoException {
    byte[] name = in.text(GetXattr.BYTES);
    String text = display(name);
    if (nodes.isState(in.inode(), text)) {
      answer(nodes.state(), in, out);
      return;
    }
    requireKnown(name);
    answer(xattrs.get(in.inode(), name), in, out);
  }

  void list(Request in, Reply out) throws ErrnoException {
    List<byte[]> names = xattrs.list(in.caller(), in.inode(), acls);
    int length = names.stream().mapToInt(name -> name.length + 1).sum();
    ByteBuffer joined = ByteBuffer.allocate(length);
    names.forEach(name -> joined.put(name).put((byte) 0));
    answer(joined.array(), in, out);
  }

  /** A value, or its length if the caller gives no room (getxattr(2), listxattr(2)). */
  private static void answer(byte[] value, Request in, Reply out) throws ErrnoException {
    long room = Integer.toUnsignedLong(in.int32(GetXattr.SIZE));
    if (room == 0) {
      out.int32(value.length).int32(0);
    } else if (value.length > room) {
      throw new ErrnoException(Errno.ERANGE);
    } else {
      out.data(value);
    }
  }

  void set(Request in) throws ErrnoException {
    int nameAt = acls ? SetXattr.BYTES : SetXattr.BYTES_SHORT;
    byte[] name = in.text(nameAt);
    requireKnown(name);
    if (nodes.isState(in.inode(), display(name))) {
      throw new ErrnoException(Errno.EPERM);
    }
    int size = in.sizeAt(SetXattr.SIZE, Handshake.BYTES_MAX);
    ByteBuffer data = in.data(in.afterText(nameAt), size);
    byte[] value = new byte[size];
    data.get(value);
    Acl.Kind kind = Acl.Kind.of(name);
    if (kind != null) {
      boolean clearsSetgid = (in.int32(SetXattr.MORE_FLAGS) & SetXattr.ACL_KILL_SGID) != 0;
      xattrs.setAcl(in.caller(), in.inode(), kind, Acl.of(value), clearsSetgid);
    } else {
      xattrs.set(in.caller(), in.inode(), name, value, in.int32(SetXattr.FLAGS));
    }
  }

  /**
   * FUSE_REMOVEXATTR. A capability that is gone by now is no error: the kernel takes it away before
   * a write when it has seen one, and another mount's write may have done so meanwhile.
   */
  void remove(Request in) throws ErrnoException {
    byte[] name = in.text(0);
    Acl.Kind kind = Acl.Kind.of(name);
    if (kind != null) {
      requireKnown(name);
      xattrs.setAcl(in.caller(), in.inode(), kind, null, false);
      return;
    }
    try {
      xattrs.remove(in.caller(), in.inode(), name);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENODATA || !XattrName.isCapability(name)) {
        throw e;
      }
    }
  }

  /** A list that is not obeyed is not taken, nor shown. */
  private void requireKnown(byte[] name) throws ErrnoException {
    if (!acls && Acl.Kind.of(name) != null) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
  }

  private static String display(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
