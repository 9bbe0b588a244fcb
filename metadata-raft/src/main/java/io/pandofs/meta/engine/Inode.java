package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.FileType;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** An inode's row, while an operation works on it. */
final class Inode {
  static final int SETGID = 02000;

  /** What stat says of the size of any directory. */
  static final long DIRECTORY_BYTES = 4096;

  private static final int VERSION = 1;
  private static final byte[] NO_TARGET = {};

  final InodeId id;
  final FileType type;
  int permissions;
  int uid;
  int gid;
  int links;
  long sizeBytes;
  long allocatedBytes;
  long device;
  Timestamp accessed;
  Timestamp modified;
  Timestamp changed;
  Timestamp born;

  /**
   * The directory that a directory is in, or that the one name of another inode is in; 0 for who
   * has more names or none. It may be 0 for who has lost all names but one.
   */
  long parent;

  /** The session that was given the lease, over or not; 0 for none. */
  long lease;

  /** Of a symlink. */
  byte[] target = NO_TARGET;

  Inode(InodeId id, FileType type, Timestamp now) {
    this.id = id;
    this.type = type;
    this.accessed = now;
    this.modified = now;
    this.changed = now;
    this.born = now;
  }

  static @Nullable Inode find(ReadStore tables, long number) {
    byte[] row = tables.get(Table.INODES, Keys.of(number));
    return row == null ? null : decode(number, row);
  }

  static Inode decode(long number, byte[] row) {
    RowReader in = new RowReader(Table.INODES, row, VERSION);
    Inode inode = new Inode(new InodeId(number), type(in), Timestamp.EPOCH);
    inode.permissions = in.u16();
    inode.uid = in.i32();
    inode.gid = in.i32();
    inode.links = in.i32();
    inode.sizeBytes = in.i64();
    inode.allocatedBytes = in.i64();
    inode.device = in.i64();
    inode.accessed = in.time();
    inode.modified = in.time();
    inode.changed = in.time();
    inode.born = in.time();
    inode.parent = in.i64();
    inode.lease = in.i64();
    inode.target = in.shortBytes();
    in.end();
    return inode;
  }

  static FileType type(RowReader in) {
    int code = in.u8();
    try {
      return FileType.ofMode(code << 12);
    } catch (IllegalArgumentException e) {
      throw in.damaged("an unknown type of file");
    }
  }

  static int code(FileType type) {
    return type.bits() >> 12;
  }

  void save(Store store) {
    store.put(
        Table.INODES,
        Keys.of(id.value()),
        new RowWriter(VERSION)
            .u8(code(type))
            .u16(permissions)
            .i32(uid)
            .i32(gid)
            .i32(links)
            .i64(sizeBytes)
            .i64(allocatedBytes)
            .i64(device)
            .time(accessed)
            .time(modified)
            .time(changed)
            .time(born)
            .i64(parent)
            .i64(lease)
            .shortBytes(target)
            .toBytes());
  }

  /**
   * A lease that is valid.
   *
   * @param inode whose row has it
   */
  record Lease(Inode inode, SessionId holder) {}

  /**
   * The lease that covers the inode: its own, or for who is no directory and has one name, that of
   * the directory that this is in (PROTOCOL rule 12); null if there is none.
   *
   * @param inodes finds that directory
   */
  @Nullable Lease coveredBy(ReadStore tables, LongFunction<@Nullable Inode> inodes) {
    Lease own = own(tables);
    if (own != null || isDirectory() || parent == 0) {
      return own;
    }
    Inode directory = inodes.apply(parent);
    return directory == null ? null : directory.own(tables);
  }

  /** A lease goes with its session (PROTOCOL rule 7). */
  private @Nullable Lease own(ReadStore tables) {
    if (lease == 0) {
      return null;
    }
    SessionId holder = new SessionId(lease);
    return Sessions.isLive(tables, holder) ? new Lease(this, holder) : null;
  }

  Attributes attributes() {
    return attributes(null);
  }

  Attributes attributes(@Nullable SessionId holder) {
    return new Attributes(
        id,
        type,
        permissions,
        uid,
        gid,
        links,
        sizeBytes,
        allocatedBytes,
        device,
        accessed,
        modified,
        changed,
        born,
        holder);
  }

  boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  boolean isOrphan() {
    return links == 0;
  }

  /** An implicit change of attributes: later than the last one, whatever the mount's clock says. */
  void touchChanged(Timestamp now) {
    changed = Timestamp.max(now, changed.next());
  }

  /** An implicit change of content, and so of attributes. */
  void touchModified(Timestamp now) {
    modified = Timestamp.max(now, modified.next());
    touchChanged(now);
  }
}
