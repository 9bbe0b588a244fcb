package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.mount.fuse.RefusedXattrs;
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

  XattrRequests(XattrOperations xattrs, Nodes nodes) {
    this.xattrs = xattrs;
    this.nodes = nodes;
  }

  void get(Request in, Reply out) throws ErrnoException {
    byte[] name = in.text(GetXattr.BYTES);
    String text = display(name);
    if (nodes.isState(in.inode(), text)) {
      answer(nodes.state(), in, out);
      return;
    }
    Errno refusal = RefusedXattrs.refusalToGet(text);
    if (!refusal.isOk()) {
      throw new ErrnoException(refusal);
    }
    answer(xattrs.get(in.inode(), name), in, out);
  }

  void list(Request in, Reply out) throws ErrnoException {
    List<byte[]> names = xattrs.list(in.caller(), in.inode());
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
    byte[] name = in.text(SetXattr.BYTES);
    if (!RefusedXattrs.refusalToGet(display(name)).isOk()) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    if (nodes.isState(in.inode(), display(name))) {
      throw new ErrnoException(Errno.EPERM);
    }
    int size = in.sizeAt(SetXattr.SIZE, Handshake.BYTES_MAX);
    ByteBuffer data = in.data(in.afterText(SetXattr.BYTES), size);
    byte[] value = new byte[size];
    data.get(value);
    xattrs.set(in.caller(), in.inode(), name, value, in.int32(SetXattr.FLAGS));
  }

  void remove(Request in) throws ErrnoException {
    xattrs.remove(in.caller(), in.inode(), in.text(0));
  }

  private static String display(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
