package io.pandofs.mount.fuse.direct;

import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.mount.fuse.direct.Protocol.Dirent;
import io.pandofs.mount.fuse.direct.Protocol.Open;
import io.pandofs.mount.fuse.direct.Protocol.OutHeader;
import io.pandofs.mount.fuse.direct.Protocol.Valid;
import io.pandofs.mount.vfs.DirectoryOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * An answer, written into memory that is used again for the next one. For one thread.
 *
 * <p>Timeouts are 0, so that nothing that the kernel is told stays valid beyond the call, but for
 * attributes where {@link #keep} says so.
 */
final class Reply {

  private static final int BLOCK_SIZE = 4096;
  private static final int STAT_BLOCK = 512;
  private static final int STATX_SPARE = 112;

  /** STATX_BASIC_STATS and STATX_BTIME. */
  private static final int STATX_MASK = 0xfff;

  private final ByteBuffer bytes;
  private @Nullable Told told;

  /**
   * Attributes that an answer tells, and that may be kept.
   *
   * @param directory where they were found by name; null if they were asked for by number
   */
  record Told(Attributes attributes, @Nullable InodeId directory) {}

  /**
   * @param bytes where answers are written from, from its beginning
   */
  Reply(ByteBuffer bytes) {
    this.bytes = bytes.duplicate().order(ByteOrder.nativeOrder());
  }

  /** Begins an answer without a body. */
  void clear() {
    bytes.clear().position(OutHeader.BYTES);
    told = null;
  }

  /** The answer begins with attributes that may be kept. */
  void tells(Attributes attributes, @Nullable InodeId directory) {
    told = new Told(attributes, directory);
  }

  /** What may be kept of the answer; null if nothing may. */
  @Nullable Told told() {
    return told;
  }

  /** The kernel may keep the attributes for so long after it has got them, less than a second. */
  void keep(long nanos) {
    boolean named = told != null && told.directory != null;
    bytes.putLong(named ? Valid.ENTRY_SECONDS : Valid.ATTRIBUTES_SECONDS, 0);
    bytes.putInt(named ? Valid.ENTRY_NANOS : Valid.ATTRIBUTES_NANOS, (int) nanos);
  }

  /**
   * Completes the answer.
   *
   * @param error 0, or a negative errno; then the body is left out
   * @return its length
   */
  int finish(long unique, int error) {
    int length = error == 0 ? bytes.position() : OutHeader.BYTES;
    bytes.putInt(OutHeader.LENGTH, length);
    bytes.putInt(OutHeader.ERROR, error);
    bytes.putLong(OutHeader.UNIQUE, unique);
    return length;
  }

  /** Room for so many bytes of the body: what is put into it is the answer. */
  ByteBuffer room(int size) {
    return bytes.limit(bytes.position() + size);
  }

  Reply int32(int value) {
    bytes.putInt(value);
    return this;
  }

  Reply int16(int value) {
    bytes.putShort((short) value);
    return this;
  }

  Reply int64(long value) {
    bytes.putLong(value);
    return this;
  }

  Reply data(byte[] data) {
    bytes.put(data);
    return this;
  }

  Reply zeros(int count) {
    int left = count;
    for (; left >= Long.BYTES; left -= Long.BYTES) {
      bytes.putLong(0);
    }
    for (; left > 0; left--) {
      bytes.put((byte) 0);
    }
    return this;
  }

  /** struct fuse_entry_out. */
  void entry(Attributes a) {
    int64(a.inode().value()).int64(0);
    zeros(24);
    attr(a);
  }

  /** struct fuse_attr_out. */
  void attributes(Attributes a) {
    zeros(16);
    attr(a);
  }

  /** struct fuse_attr. */
  private void attr(Attributes a) {
    int64(a.inode().value()).int64(a.sizeBytes()).int64(blocks(a));
    int64(a.accessed().seconds()).int64(a.modified().seconds()).int64(a.changed().seconds());
    int32(a.accessed().nanos()).int32(a.modified().nanos()).int32(a.changed().nanos());
    int32(a.mode()).int32(a.links()).int32(a.uid()).int32(a.gid()).int32((int) a.device());
    int32(BLOCK_SIZE).int32(0);
  }

  private static long blocks(Attributes a) {
    return (a.allocatedBytes() + STAT_BLOCK - 1) / STAT_BLOCK;
  }

  /** struct fuse_statx_out. */
  void statx(Attributes a) {
    zeros(32);
    int32(STATX_MASK).int32(BLOCK_SIZE).int64(0);
    int32(a.links()).int32(a.uid()).int32(a.gid()).int16(a.mode()).int16(0);
    int64(a.inode().value()).int64(a.sizeBytes()).int64(blocks(a)).int64(0);
    time(a.accessed());
    time(a.born());
    time(a.changed());
    time(a.modified());
    int device = (int) a.device();
    int32((device >>> 8) & 0xfff).int32((device & 0xff) | ((device >>> 12) & 0xfff00));
    int64(0);
    zeros(STATX_SPARE);
  }

  /** struct fuse_sx_time. */
  private void time(Timestamp time) {
    int64(time.seconds()).int32(time.nanos()).int32(0);
  }

  /** struct fuse_open_out. */
  void opened(long handle, boolean direct) {
    int64(handle).int32(direct ? Open.DIRECT_IO : 0).int32(0);
  }

  /**
   * struct fuse_dirent, if there is room for it.
   *
   * @param limit bytes that the answer's body may have
   */
  boolean dirent(DirectoryOperations.Entry entry, int limit) {
    if (!fits(Dirent.bytes(entry.name().length), limit)) {
      return false;
    }
    putDirent(entry);
    return true;
  }

  /**
   * struct fuse_direntplus, if there is room for it.
   *
   * @param attributes null if the kernel is to look for itself
   */
  boolean direntPlus(DirectoryOperations.Entry entry, @Nullable Attributes attributes, int limit) {
    if (!fits(Dirent.ENTRY_BYTES + Dirent.bytes(entry.name().length), limit)) {
      return false;
    }
    if (attributes == null) {
      zeros(Dirent.ENTRY_BYTES);
    } else {
      entry(attributes);
    }
    putDirent(entry);
    return true;
  }

  private boolean fits(int size, int limit) {
    return bytes.position() - OutHeader.BYTES + size <= limit;
  }

  private void putDirent(DirectoryOperations.Entry entry) {
    byte[] name = entry.name();
    int64(entry.inode().value()).int64(entry.cookie());
    int32(name.length).int32(entry.type().bits() >>> 12);
    data(name);
    zeros(Dirent.bytes(name.length) - Dirent.BYTES - name.length);
  }
}
