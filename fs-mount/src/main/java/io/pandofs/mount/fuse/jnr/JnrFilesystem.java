package io.pandofs.mount.fuse.jnr;

import static io.pandofs.mount.fuse.jnr.Guard.call;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.mount.fuse.MadeEntries;
import io.pandofs.mount.fuse.MountState;
import io.pandofs.mount.vfs.AttributeChange;
import io.pandofs.mount.vfs.FileOperations;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.VolumeSpace;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseContext;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * libfuse's callbacks, each handed to the Vfs under the {@link Guard}. A callback that is not here
 * is left to the kernel: flock and POSIX locks hold on this machine, access(2) is checked there by
 * default_permissions. With an open descriptor the path is null: libfuse need not build it.
 */
final class JnrFilesystem extends FuseStubFS {

  /** flag_nullpath_ok, flag_nopath and flag_utime_omit_ok of struct fuse_operations. */
  private static final int FLAGS_OFFSET = 304;

  private static final byte FLAGS = 0b111;

  private static final int PERMISSIONS = 07777;
  private static final int BLOCK_SIZE = 4096;
  private static final String ROOT = "/";

  private final Vfs vfs;
  private final Paths paths;
  private final MountState state;

  /** By threads of libfuse: what the present request has made. */
  private final MadeEntries<String> made = new MadeEntries<>(new SystemClock());

  /** By threads of programs: files that their open(2) has made and the kernel has not judged. */
  private final MadeEntries<String> opened = new MadeEntries<>(new SystemClock());

  private final Runnable onInit;

  /**
   * Loads libfuse, and looks at the volume, which may wait.
   *
   * @param state see {@link io.pandofs.mount.fuse.MountOptions}
   * @param onInit run when the kernel has shaken hands
   * @throws UnsatisfiedLinkError if the library is not there
   */
  JnrFilesystem(Vfs vfs, Supplier<String> state, Runnable onInit) {
    this.vfs = vfs;
    this.state = new MountState(state, vfs);
    this.paths = new Paths(vfs.namespace());
    this.onInit = onInit;
    Struct.getMemory(fuseOperations).putByte(FLAGS_OFFSET, FLAGS);
  }

  /** Mounts and serves until it is unmounted; libfuse's exit code. */
  int serve(List<String> arguments) {
    return libFuse.fuse_main_real(
        arguments.size(),
        arguments.toArray(String[]::new),
        fuseOperations,
        Struct.size(fuseOperations),
        null);
  }

  @Override
  public Pointer init(Pointer connection) {
    onInit.run();
    return connection;
  }

  private Caller caller() {
    FuseContext context = getContext();
    return new Caller((int) context.uid.get(), (int) context.gid.get());
  }

  /**
   * This thread of libfuse, which keeps a context for each. Its {@link Thread} does not tell: the
   * JVM may know the same one by another at the next callback.
   */
  private long ownThread() {
    return Struct.getMemory(getContext()).address();
  }

  /** The thread that calls; 0 if it is one of a pid namespace that is not seen from here. */
  private long callingThread() {
    return getContext().pid.get();
  }

  private void made(String path, Attributes attributes) {
    made.put(ownThread(), path, attributes);
  }

  @Override
  public int getattr(String path, FileStat stat) {
    return call(
        "getattr",
        path,
        () -> {
          Attributes entry = made.isEmpty() ? null : made.take(ownThread(), path);
          if (entry == null) {
            Attributes file = opened.isEmpty() ? null : opened.take(callingThread(), path);
            entry =
                file == null
                    ? attributes(path)
                    : MadeEntries.orAsMade(() -> attributes(path), file);
          }
          Native.fill(stat, entry);
          return 0;
        });
  }

  private Attributes attributes(String path) throws ErrnoException {
    return path.equals(ROOT) ? state.root() : vfs.xattrs().withoutAcl(paths.attributes(path));
  }

  private static boolean isState(String path, String name) {
    return path.equals(ROOT) && MountState.isState(name);
  }

  @Override
  public int fgetattr(@Nullable String path, FileStat stat, FuseFileInfo info) {
    return call(
        "fgetattr",
        path,
        () -> {
          Attributes entry = null;
          if (path != null && !made.isEmpty()) {
            entry = made.take(ownThread(), path);
            if (entry != null) {
              // That was libfuse, at the end of a create. The kernel looks too.
              opened.put(callingThread(), path, entry);
            }
          }
          Attributes shown = entry != null ? entry : vfs.files().attributes(info.fh.longValue());
          Native.fill(stat, vfs.xattrs().withoutAcl(shown));
          return 0;
        });
  }

  @Override
  public int readlink(String path, Pointer into, long size) {
    return call(
        "readlink",
        path,
        () -> {
          byte[] target = paths.on(path, vfs.namespace()::readLink);
          int count = (int) Math.min(target.length, size - 1);
          into.put(0, target, 0, count);
          into.putByte(count, (byte) 0);
          return 0;
        });
  }

  @Override
  public int mknod(String path, long mode, long device) {
    return call(
        "mknod",
        path,
        () -> {
          Paths.Slot slot = paths.slot(path);
          FileType type = FileType.ofMode((int) mode);
          CreateMode asked = CreateMode.of((int) mode & PERMISSIONS);
          made(
              path,
              vfs.namespace().makeNode(caller(), slot.parent(), slot.name(), type, asked, device));
          return 0;
        });
  }

  @Override
  public int mkdir(String path, long mode) {
    return call(
        "mkdir",
        path,
        () -> {
          Paths.Slot slot = paths.slot(path);
          made(
              path,
              vfs.namespace()
                  .makeDirectory(
                      caller(),
                      slot.parent(),
                      slot.name(),
                      CreateMode.of((int) mode & PERMISSIONS)));
          return 0;
        });
  }

  @Override
  public int unlink(String path) {
    return call(
        "unlink",
        path,
        () -> {
          Paths.Slot slot = paths.slot(path);
          vfs.namespace().unlink(caller(), slot.parent(), slot.name());
          return 0;
        });
  }

  @Override
  public int rmdir(String path) {
    return call(
        "rmdir",
        path,
        () -> {
          Paths.Slot slot = paths.slot(path);
          vfs.namespace().removeDirectory(caller(), slot.parent(), slot.name());
          return 0;
        });
  }

  @Override
  public int symlink(String target, String path) {
    return call(
        "symlink",
        path,
        () -> {
          Paths.Slot slot = paths.slot(path);
          made(
              path,
              vfs.namespace()
                  .makeSymlink(caller(), slot.parent(), slot.name(), Paths.bytes(target)));
          return 0;
        });
  }

  @Override
  public int rename(String from, String to) {
    return call(
        "rename",
        from,
        () -> {
          Paths.Slot source = paths.slot(from);
          Paths.Slot target = paths.slot(to);
          vfs.namespace()
              .rename(caller(), source.parent(), source.name(), target.parent(), target.name(), 0);
          return 0;
        });
  }

  @Override
  public int link(String from, String to) {
    return call(
        "link",
        from,
        () -> {
          Paths.Slot slot = paths.slot(to);
          made(
              to,
              paths.on(
                  from,
                  inode -> vfs.namespace().link(caller(), inode, slot.parent(), slot.name())));
          return 0;
        });
  }

  private int change(String operation, String path, AttributeChange change) {
    return call(
        operation,
        path,
        () -> {
          change(path, change);
          return 0;
        });
  }

  private void change(String path, AttributeChange change) throws ErrnoException {
    Attributes unused = paths.on(path, inode -> vfs.namespace().change(caller(), inode, change));
  }

  @Override
  public int chmod(String path, long mode) {
    return change("chmod", path, AttributeChange.permissions((int) mode & PERMISSIONS));
  }

  @Override
  public int chown(String path, long uid, long gid) {
    Integer owner = (int) uid == -1 ? null : (Integer) (int) uid;
    Integer group = (int) gid == -1 ? null : (Integer) (int) gid;
    return change("chown", path, AttributeChange.owner(owner, group));
  }

  @Override
  public int truncate(String path, long size) {
    return change("truncate", path, AttributeChange.size(size));
  }

  @Override
  public int ftruncate(@Nullable String path, long size, FuseFileInfo info) {
    return call(
        "ftruncate",
        path,
        () -> {
          vfs.files().truncate(caller(), info.fh.longValue(), size);
          return 0;
        });
  }

  @Override
  public int utimens(String path, Timespec[] times) {
    return call(
        "utimens",
        path,
        () -> {
          change(
              path,
              AttributeChange.times(Native.timeChange(times[0]), Native.timeChange(times[1])));
          return 0;
        });
  }

  @Override
  public int open(String path, FuseFileInfo info) {
    return call(
        "open",
        path,
        () -> {
          int flags = info.flags.intValue();
          Native.answer(paths.on(path, inode -> vfs.files().open(caller(), inode, flags)), info);
          return 0;
        });
  }

  @Override
  public int create(String path, long mode, FuseFileInfo info) {
    return call(
        "create",
        path,
        () -> {
          Paths.Slot slot = paths.slot(path);
          FileOperations.Opened opened =
              vfs.files()
                  .create(
                      caller(),
                      slot.parent(),
                      slot.name(),
                      CreateMode.of((int) mode & PERMISSIONS),
                      info.flags.intValue());
          Native.answer(opened, info);
          made(path, opened.attributes());
          return 0;
        });
  }

  @Override
  public int read(@Nullable String path, Pointer into, long size, long offset, FuseFileInfo info) {
    return call(
        "read",
        path,
        () -> {
          ByteBuffer buffer = Native.buffer(into, size);
          return vfs.files().read(info.fh.longValue(), offset, buffer);
        });
  }

  @Override
  public int write(@Nullable String path, Pointer from, long size, long offset, FuseFileInfo info) {
    return call(
        "write",
        path,
        () -> {
          ByteBuffer buffer = Native.buffer(from, size);
          // libfuse fills in the flags of the write request.
          int flags = info.flags.intValue();
          return vfs.files().write(caller(), info.fh.longValue(), flags, offset, buffer);
        });
  }

  @Override
  public int flush(@Nullable String path, FuseFileInfo info) {
    return call(
        "flush",
        path,
        () -> {
          vfs.files().flush(info.fh.longValue());
          return 0;
        });
  }

  @Override
  public int fsync(@Nullable String path, int dataOnly, FuseFileInfo info) {
    return call(
        "fsync",
        path,
        () -> {
          vfs.files().fsync(info.fh.longValue());
          return 0;
        });
  }

  @Override
  public int release(@Nullable String path, FuseFileInfo info) {
    return call(
        "release",
        path,
        () -> {
          vfs.files().release(info.fh.longValue());
          return 0;
        });
  }

  @Override
  public int fallocate(
      @Nullable String path, int mode, long offset, long length, FuseFileInfo info) {
    return call(
        "fallocate",
        path,
        () -> {
          vfs.files().allocate(caller(), info.fh.longValue(), mode, offset, length);
          return 0;
        });
  }

  @Override
  public int opendir(String path, FuseFileInfo info) {
    return call(
        "opendir",
        path,
        () -> {
          int flags = info.flags.intValue();
          info.fh.set(paths.on(path, inode -> vfs.directories().open(inode, flags)));
          return 0;
        });
  }

  @Override
  public int readdir(
      @Nullable String path, Pointer buffer, FuseFillDir filler, long offset, FuseFileInfo info) {
    return call(
        "readdir",
        path,
        () -> {
          new DirectoryFiller(filler, buffer).fill(vfs.directories(), info.fh.longValue(), offset);
          return 0;
        });
  }

  @Override
  public int releasedir(@Nullable String path, FuseFileInfo info) {
    return call(
        "releasedir",
        path,
        () -> {
          vfs.directories().release(info.fh.longValue());
          return 0;
        });
  }

  /**
   * jnr-fuse 0.5.8 declares this callback without its second argument, so that {@code info} is made
   * from the flag of fdatasync(2): to look into it ends the process.
   */
  @Override
  public int fsyncdir(@Nullable String path, FuseFileInfo info) {
    return call(
        "fsyncdir",
        path,
        () -> {
          vfs.directories().fsync();
          return 0;
        });
  }

  @Override
  public int statfs(String path, Statvfs answer) {
    return call(
        "statfs",
        path,
        () -> {
          VolumeSpace space = state.space();
          long free = space.freeBytes() / BLOCK_SIZE;
          answer.f_bsize.set(BLOCK_SIZE);
          answer.f_frsize.set(BLOCK_SIZE);
          answer.f_blocks.set(space.totalBytes() / BLOCK_SIZE);
          answer.f_bfree.set(free);
          answer.f_bavail.set(free);
          // There is no limit to inodes; show as many free ones as there are free blocks.
          answer.f_files.set(space.inodes() + free);
          answer.f_ffree.set(free);
          answer.f_favail.set(free);
          answer.f_namemax.set(io.pandofs.common.FileName.BYTES_MAX);
          return 0;
        });
  }

  @Override
  public int getxattr(String path, String name, Pointer into, long size) {
    return call(
        "getxattr",
        path,
        () -> {
          if (isState(path, name)) {
            return Native.answer(state.value(), into, size);
          }
          Errno refusal = RefusedXattrs.refusalToGet(name);
          if (!refusal.isOk()) {
            throw new ErrnoException(refusal);
          }
          byte[] key = Paths.bytes(name);
          byte[] value = paths.on(path, inode -> vfs.xattrs().get(inode, key));
          return Native.answer(value, into, size);
        });
  }

  @Override
  public int setxattr(String path, String name, Pointer value, long size, int flags) {
    return call(
        "setxattr",
        path,
        () -> {
          if (!RefusedXattrs.refusalToGet(name).isOk()) {
            throw new ErrnoException(Errno.EOPNOTSUPP);
          }
          if (isState(path, name)) {
            throw new ErrnoException(Errno.EPERM);
          }
          byte[] bytes = new byte[Math.toIntExact(size)];
          if (size > 0) {
            value.get(0, bytes, 0, bytes.length);
          }
          byte[] key = Paths.bytes(name);
          paths.on(
              path,
              inode -> {
                vfs.xattrs().set(caller(), inode, key, bytes, flags);
                return 0;
              });
          return 0;
        });
  }

  @Override
  public int listxattr(String path, Pointer into, long size) {
    return call(
        "listxattr",
        path,
        () -> {
          ByteArrayOutputStream names = new ByteArrayOutputStream();
          List<byte[]> shown = paths.on(path, inode -> vfs.xattrs().list(caller(), inode, false));
          for (byte[] name : shown) {
            names.write(name, 0, name.length);
            names.write(0);
          }
          return Native.answer(names.toByteArray(), into, size);
        });
  }

  @Override
  public int removexattr(String path, String name) {
    return call(
        "removexattr",
        path,
        () -> {
          byte[] key = name.getBytes(StandardCharsets.UTF_8);
          paths.on(
              path,
              inode -> {
                vfs.xattrs().remove(caller(), inode, key);
                return 0;
              });
          return 0;
        });
  }
}
