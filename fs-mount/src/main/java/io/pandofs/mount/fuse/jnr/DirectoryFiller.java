package io.pandofs.mount.fuse.jnr;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.mount.vfs.DirectoryOperations;
import java.nio.ByteBuffer;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.struct.FileStat;

/**
 * Fills one of the kernel's readdir buffers from an offset on, so that a huge directory is never
 * read as a whole. One for each call.
 */
final class DirectoryFiller {

  /** About what fits a kernel buffer of one page. */
  private static final int ENTRIES = 128;

  private final FuseFillDir filler;
  private final Pointer buffer;
  private final FileStat stat;
  private final Pointer statMemory;
  private final ByteBuffer name = ByteBuffer.allocateDirect(FileName.BYTES_MAX + 1);

  DirectoryFiller(FuseFillDir filler, Pointer buffer) {
    Runtime runtime = Runtime.getSystemRuntime();
    this.filler = filler;
    this.buffer = buffer;
    this.statMemory = Memory.allocateDirect(runtime, Struct.size(new FileStat(runtime)), true);
    this.stat = FileStat.of(statMemory);
  }

  void fill(DirectoryOperations directories, long handle, long offset) throws ErrnoException {
    long cookie = offset;
    while (true) {
      List<DirectoryOperations.Entry> entries = directories.read(handle, cookie, ENTRIES);
      if (entries.isEmpty()) {
        return;
      }
      for (DirectoryOperations.Entry entry : entries) {
        if (!add(entry)) {
          return;
        }
        cookie = entry.cookie();
      }
    }
  }

  private boolean add(DirectoryOperations.Entry entry) {
    stat.st_ino.set(entry.inode().value());
    stat.st_mode.set(entry.type().bits());
    name.clear();
    name.put(entry.name()).put((byte) 0).flip();
    return filler.apply(buffer, name, statMemory, entry.cookie()) == 0;
  }
}
