package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.mount.fuse.direct.Protocol.InvalidateInode;
import io.pandofs.mount.fuse.direct.Protocol.OutHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tells the kernel what it was not asked. Thread-safe. */
final class Notifier implements AutoCloseable {

  /** Instead of an offset into the file: its pages stay. */
  private static final long ATTRIBUTES_ONLY = -1;

  private final Device device;

  @GuardedBy("this")
  private boolean closed;

  /**
   * @param device any descriptor of the mount; stays open for as long as somebody may write to it
   */
  Notifier(Device device) {
    device.share();
    this.device = device;
  }

  /**
   * FUSE_NOTIFY_INVAL_INODE, without pages: what the kernel knows of an inode is to be asked for
   * again, and it ignores what an answer on its way tells. The kernel takes no lock for it that a
   * request may have (fuse_reverse_inval_inode in fs/fuse/inode.c).
   *
   * @return false if it does not have the inode, or has not yet
   */
  synchronized boolean forgetAttributes(InodeId inode) throws IOException {
    if (closed) {
      return true;
    }
    try (NativeBytes bytes = new NativeBytes(InvalidateInode.BYTES)) {
      ByteBuffer out = bytes.buffer().order(ByteOrder.nativeOrder());
      out.putInt(OutHeader.LENGTH, InvalidateInode.BYTES);
      out.putInt(OutHeader.ERROR, Protocol.NOTIFY_INVAL_INODE);
      out.putLong(OutHeader.UNIQUE, 0);
      out.putLong(InvalidateInode.NODE, inode.value());
      out.putLong(InvalidateInode.OFFSET, ATTRIBUTES_ONLY);
      out.putLong(InvalidateInode.LENGTH, 0);
      return device.tell(bytes, InvalidateInode.BYTES) != Errno.ENOENT.number();
    }
  }

  /** The mount is over: nothing is kept any more. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      device.close();
    }
  }
}
