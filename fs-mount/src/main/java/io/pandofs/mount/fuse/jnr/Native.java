package io.pandofs.mount.fuse.jnr;

import com.kenai.jffi.MemoryIO;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.mount.vfs.FileOperations;
import io.pandofs.mount.vfs.TimeChange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.Timespec;

/** Between the Vfs' values and the C library's structures. */
final class Native {

  private static final int BLOCK_SIZE = 4096;
  private static final int STAT_BLOCK = 512;

  /** utimensat(2). */
  private static final long UTIME_NOW = (1L << 30) - 1;

  private static final long UTIME_OMIT = (1L << 30) - 2;

  /**
   * Where struct fuse_file_info has its bits, which jnr-fuse 0.5.8 does not show, and the first of
   * them: direct_io.
   */
  private static final int OPEN_BITS_OFFSET = 20;

  private static final int DIRECT_IO =
      ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 1 << 31;

  private Native() {}

  /** The native memory itself as a buffer; valid during the callback only. */
  static ByteBuffer buffer(Pointer memory, long size) {
    return MemoryIO.getInstance().newDirectByteBuffer(memory.address(), Math.toIntExact(size));
  }

  /** Tells libfuse what open(2) is answered. */
  static void answer(FileOperations.Opened opened, FuseFileInfo info) {
    info.fh.set(opened.handle());
    if (opened.direct()) {
      Pointer memory = Struct.getMemory(info);
      memory.putInt(OPEN_BITS_OFFSET, memory.getInt(OPEN_BITS_OFFSET) | DIRECT_IO);
    }
  }

  static void fill(FileStat stat, Attributes a) {
    stat.st_ino.set(a.inode().value());
    stat.st_nlink.set(a.links());
    stat.st_mode.set(a.mode());
    stat.st_uid.set(Integer.toUnsignedLong(a.uid()));
    stat.st_gid.set(Integer.toUnsignedLong(a.gid()));
    stat.st_rdev.set(a.device());
    stat.st_size.set(a.sizeBytes());
    stat.st_blksize.set(BLOCK_SIZE);
    stat.st_blocks.set((a.allocatedBytes() + STAT_BLOCK - 1) / STAT_BLOCK);
    fill(stat.st_atim, a.accessed());
    fill(stat.st_mtim, a.modified());
    fill(stat.st_ctim, a.changed());
  }

  private static void fill(Timespec spec, Timestamp time) {
    spec.tv_sec.set(time.seconds());
    spec.tv_nsec.set(time.nanos());
  }

  static @Nullable TimeChange timeChange(Timespec spec) throws ErrnoException {
    long nanos = spec.tv_nsec.longValue();
    if (nanos == UTIME_OMIT) {
      return null;
    }
    if (nanos == UTIME_NOW) {
      return new TimeChange.Now();
    }
    if (nanos < 0 || nanos > 999_999_999) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return new TimeChange.At(new Timestamp(spec.tv_sec.longValue(), (int) nanos));
  }

  /**
   * Answers a call that asks for a value with a buffer of {@code size} bytes, 0 to ask for the
   * length only (getxattr(2), listxattr(2)).
   */
  static int answer(byte[] value, Pointer into, long size) throws ErrnoException {
    if (size == 0) {
      return value.length;
    }
    if (value.length > size) {
      throw new ErrnoException(Errno.ERANGE);
    }
    into.put(0, value, 0, value.length);
    return value.length;
  }
}
