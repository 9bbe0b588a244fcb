package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.mount.fuse.MadeEntries;
import io.pandofs.mount.fuse.direct.Protocol.Allocate;
import io.pandofs.mount.fuse.direct.Protocol.Copy;
import io.pandofs.mount.fuse.direct.Protocol.Create;
import io.pandofs.mount.fuse.direct.Protocol.Handle;
import io.pandofs.mount.fuse.direct.Protocol.Open;
import io.pandofs.mount.fuse.direct.Protocol.Read;
import io.pandofs.mount.fuse.direct.Protocol.Seek;
import io.pandofs.mount.fuse.direct.Protocol.Write;
import io.pandofs.mount.vfs.FileOperations;
import io.pandofs.mount.vfs.Vfs;
import java.nio.ByteBuffer;

/** Requests about files' contents. Thread-safe; calls block. */
final class FileRequests {

  private static final long COPIED_MAX = 1 << 30;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private final FileOperations files;
  private final Nodes nodes;
  private final Creation creation;
  private final MadeEntries<InodeId> created;
  private final KernelAttributes kernel;

  /**
   * @param kernel is told what is opened
   * @param created is told what FUSE_CREATE has made or opened
   */
  FileRequests(Vfs vfs, Nodes nodes, KernelAttributes kernel, MadeEntries<InodeId> created) {
    this.kernel = kernel;
    this.created = created;
    this.files = vfs.files();
    this.nodes = nodes;
    this.creation = new Creation(vfs.namespace(), files);
  }

  void open(Request in, Reply out) throws ErrnoException {
    FileOperations.Opened opened = files.open(in.caller(), in.inode(), in.int32(Open.FLAGS));
    kernel.opened(in.inode());
    out.opened(opened.handle(), opened.direct());
  }

  /** FUSE_CREATE: the kernel has seen no such file a moment ago. */
  void create(Request in, Reply out) throws ErrnoException {
    opened(in, out, creation.open(in));
  }

  /** FUSE_TMPFILE: O_TMPFILE, for which the kernel sends a name that means nothing. */
  void createUnnamed(Request in, Reply out) throws ErrnoException {
    in.needs(Create.BYTES);
    opened(in, out, creation.openUnnamed(in));
  }

  private void opened(Request in, Reply out, FileOperations.Opened opened) {
    kernel.opened(opened.attributes().inode());
    nodes.give(opened.attributes(), out);
    out.opened(opened.handle(), opened.direct());
    created.put(in.thread(), opened.attributes().inode(), opened.attributes());
  }

  void read(Request in, Reply out) throws ErrnoException {
    int size = in.sizeAt(Read.SIZE, Handshake.BYTES_MAX);
    int unused = files.read(in.int64(Read.HANDLE), in.int64(Read.OFFSET), out.room(size));
  }

  void write(Request in, Reply out) throws ErrnoException {
    int size = in.sizeAt(Write.SIZE, Handshake.BYTES_MAX);
    ByteBuffer data = in.data(Write.BYTES, size);
    long handle = in.int64(Write.HANDLE);
    long offset = in.int64(Write.OFFSET);
    boolean pages = (in.int32(Write.FLAGS) & Write.CACHE) != 0;
    int written =
        pages
            ? files.writePages(in.caller(), handle, offset, data)
            : files.write(in.caller(), handle, in.int32(Write.OPEN_FLAGS), offset, data);
    out.int32(written).int32(0);
  }

  void flush(Request in) throws ErrnoException {
    in.needs(Handle.FLUSH_BYTES);
    files.flush(handle(in), in.int64(Handle.LOCK_OWNER));
  }

  void fsync(Request in) throws ErrnoException {
    files.fsync(handle(in));
  }

  void release(Request in) throws ErrnoException {
    files.release(handle(in));
  }

  private static long handle(Request in) {
    in.needs(Handle.BYTES);
    return in.int64(Handle.HANDLE);
  }

  void allocate(Request in) throws ErrnoException {
    in.needs(Allocate.BYTES);
    files.allocate(
        in.caller(),
        in.int64(Allocate.HANDLE),
        in.int32(Allocate.MODE),
        in.int64(Allocate.OFFSET),
        in.int64(Allocate.LENGTH));
  }

  /** FUSE_COPY_FILE_RANGE. */
  void copy(Request in, Reply out) throws ErrnoException {
    in.needs(Copy.BYTES);
    if (in.int64(Copy.FLAGS) != 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    long copied =
        files.copy(
            in.caller(),
            in.int64(Copy.HANDLE),
            in.int64(Copy.OFFSET),
            in.int64(Copy.TO_HANDLE),
            in.int64(Copy.TO_OFFSET),
            // The answer has 32 bits; a shorter copy is gone on with.
            Math.min(in.int64(Copy.LENGTH), COPIED_MAX));
    out.int32((int) copied).int32(0);
  }

  /** FUSE_LSEEK: the kernel asks for holes and data only. */
  void seek(Request in, Reply out) throws ErrnoException {
    int whence = in.int32(Seek.WHENCE);
    if (whence != SEEK_DATA && whence != SEEK_HOLE) {
      throw new ErrnoException(Errno.EINVAL);
    }
    out.int64(files.seek(in.int64(Seek.HANDLE), in.int64(Seek.OFFSET), whence == SEEK_DATA));
  }
}
