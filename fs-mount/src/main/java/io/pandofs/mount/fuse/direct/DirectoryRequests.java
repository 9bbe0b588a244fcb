package io.pandofs.mount.fuse.direct;

import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Attributes;
import io.pandofs.mount.fuse.direct.Protocol.Dirent;
import io.pandofs.mount.fuse.direct.Protocol.Handle;
import io.pandofs.mount.fuse.direct.Protocol.Open;
import io.pandofs.mount.fuse.direct.Protocol.Read;
import io.pandofs.mount.vfs.DirectoryOperations;
import java.util.List;

/** Requests about open directories. Thread-safe; calls block. */
final class DirectoryRequests {

  /** A name that is shorter than most. */
  private static final int SHORT_NAME = 8;

  /** So many entries are looked at together, at most. */
  private static final int ENTRIES_MAX = 1024;

  private final DirectoryOperations directories;
  private final Nodes nodes;

  DirectoryRequests(DirectoryOperations directories, Nodes nodes) {
    this.directories = directories;
    this.nodes = nodes;
  }

  void open(Request in, Reply out) throws ErrnoException {
    out.opened(directories.open(in.inode(), in.int32(Open.FLAGS)), false);
  }

  void read(Request in, Reply out) throws ErrnoException {
    int size = in.sizeAt(Read.SIZE, Handshake.BYTES_MAX);
    long handle = in.int64(Read.HANDLE);
    long cookie = in.int64(Read.OFFSET);
    int limit = Math.min(ENTRIES_MAX, size / Dirent.bytes(SHORT_NAME) + 1);
    while (true) {
      List<DirectoryOperations.Entry> entries = directories.read(handle, cookie, limit);
      if (entries.isEmpty()) {
        return;
      }
      for (DirectoryOperations.Entry entry : entries) {
        if (!out.dirent(entry, size)) {
          return;
        }
        cookie = entry.cookie();
      }
    }
  }

  void readPlus(Request in, Reply out) throws ErrnoException {
    int size = in.sizeAt(Read.SIZE, Handshake.BYTES_MAX);
    long handle = in.int64(Read.HANDLE);
    long cookie = in.int64(Read.OFFSET);
    int each = Dirent.ENTRY_BYTES + Dirent.bytes(SHORT_NAME);
    int limit = Math.min(ENTRIES_MAX, size / each + 1);
    while (true) {
      List<DirectoryOperations.EntryPlus> entries = directories.readPlus(handle, cookie, limit);
      if (entries.isEmpty()) {
        return;
      }
      for (DirectoryOperations.EntryPlus plus : entries) {
        Attributes attributes = plus.attributes();
        if (!out.direntPlus(plus.entry(), attributes, size)) {
          return;
        }
        if (attributes != null) {
          nodes.given(attributes.inode());
        }
        cookie = plus.entry().cookie();
      }
    }
  }

  void fsync(Request in) throws ErrnoException {
    in.needs(Handle.BYTES);
    directories.fsync(in.int64(Handle.HANDLE));
  }

  void release(Request in) throws ErrnoException {
    in.needs(Handle.BYTES);
    directories.release(in.int64(Handle.HANDLE));
  }
}
