package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.Operation;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Open files: open(2) to close(2). A handle works by inode, so it goes on working when the file is
 * renamed or unlinked. Thread-safe.
 */
public final class FileOperations {

  private final VfsOptions options;
  private final Clock clock;
  private final Sessions sessions;
  private final Coherence coherence;
  private final Leases leases;
  private final LostData lostData;
  private final BooleanSupplier isSpaceLow;
  private final OpenFiles openFiles;
  private final WriteBudget budget;
  private final WriteBack writeBack;
  private final Shape shape;
  private final DataReader reader;
  private final AccessTimes accessTimes;
  private final Locks locks;
  private final Handles<FileHandle> handles = new Handles<>();

  FileOperations(
      VfsOptions options,
      Clock clock,
      Sessions sessions,
      Coherence coherence,
      Leases leases,
      LostData lostData,
      BooleanSupplier isSpaceLow,
      OpenFiles openFiles,
      WriteBudget budget,
      WriteBack writeBack,
      Shape shape,
      DataReader reader,
      AccessTimes accessTimes,
      Locks locks) {
    this.options = options;
    this.clock = clock;
    this.sessions = sessions;
    this.coherence = coherence;
    this.leases = leases;
    this.lostData = lostData;
    this.isSpaceLow = isSpaceLow;
    this.openFiles = openFiles;
    this.budget = budget;
    this.writeBack = writeBack;
    this.shape = shape;
    this.reader = reader;
    this.locks = locks;
    this.accessTimes = accessTimes;
  }

  /**
   * A file that is now open.
   *
   * @param attributes as they were when it was opened
   * @param direct whether the kernel must keep no pages for this handle: who appends is told by the
   *     lease's holder where the end is, not by the kernel (PROTOCOL rule 11)
   */
  public record Opened(long handle, Attributes attributes, boolean direct) {}

  private static boolean isDirect(int flags) {
    return OpenFlags.writes(flags) && OpenFlags.has(flags, OpenFlags.APPEND);
  }

  private long newHandle(OpenFile file, int flags) {
    return handles.add(new FileHandle(file, flags, options.readAheadBytesMax(), lostData));
  }

  /**
   * open(2) of an inode that is there.
   *
   * @param flags see {@link OpenFlags}; O_TRUNC is obeyed
   * @throws ErrnoException ESTALE if it is gone, or has no name and is open nowhere here; EISDIR,
   *     ELOOP for a symlink, ENXIO for what is no file
   */
  public Opened open(Caller caller, InodeId inode, int flags) throws ErrnoException {
    OpenFile file = openFiles.acquire(inode);
    boolean opened = false;
    try {
      Attributes attributes = attributes(file);
      checkType(attributes.type(), flags);
      requireLasting(file, attributes);
      if (OpenFlags.has(flags, OpenFlags.TRUNCATE)) {
        resize(caller, file, 0, clock.now());
        attributes = attributes(file);
      }
      long handle = newHandle(file, flags);
      opened = true;
      return new Opened(handle, attributes, isDirect(flags));
    } finally {
      if (!opened) {
        openFiles.release(file);
      }
    }
  }

  /**
   * An orphan may be freed at any time unless this mount has it open or has just looked it up: the
   * leader was told that it does not hold it (PROTOCOL rule 16). Held since before this look, so
   * that a last handle that is closed meanwhile does no harm.
   */
  private void requireLasting(OpenFile file, Attributes attributes) throws ErrnoException {
    if (attributes.links() == 0 && !openFiles.lasts(file)) {
      throw new ErrnoException(Errno.ESTALE);
    }
  }

  private static void checkType(FileType type, int flags) throws ErrnoException {
    switch (type) {
      case REGULAR -> {}
      case DIRECTORY ->
          throw new ErrnoException(OpenFlags.writes(flags) ? Errno.EISDIR : Errno.EBADF);
      case SYMLINK -> throw new ErrnoException(Errno.ELOOP);
      default -> throw new ErrnoException(Errno.ENXIO);
    }
  }

  /** open(2) with O_CREAT: makes the file, or without O_EXCL opens the one that is there. */
  public Opened create(Caller caller, InodeId parent, FileName name, CreateMode mode, int flags)
      throws ErrnoException {
    boolean exclusive = OpenFlags.has(flags, OpenFlags.EXCLUSIVE);
    leases.workIn(parent);
    return create(
        caller,
        flags,
        fresh ->
            new Operation.Create(
                parent, name, fresh, FileType.REGULAR, mode, 0, null, exclusive, true));
  }

  /**
   * open(2) with O_TMPFILE: makes a file without a name, which is gone with its last close unless
   * it was given one. Without O_EXCL link(2) may do that.
   */
  public Opened createUnnamed(Caller caller, InodeId parent, CreateMode mode, int flags)
      throws ErrnoException {
    boolean linkable = !OpenFlags.has(flags, OpenFlags.EXCLUSIVE);
    return create(
        caller, flags, fresh -> new Operation.CreateUnnamed(parent, fresh, mode, linkable, true));
  }

  private Opened create(Caller caller, int flags, Function<InodeId, Operation> operation)
      throws ErrnoException {
    return coherence.retry(() -> tryToCreate(caller, flags, operation));
  }

  private Opened tryToCreate(Caller caller, int flags, Function<InodeId, Operation> operation)
      throws ErrnoException {
    // The number is good in the session that it was granted to.
    MetadataSession session = sessions.current();
    InodeId fresh = session.nextInode();
    // Held before it exists, so that an unlink elsewhere cannot reap it before it is open here.
    OpenFile file = openFiles.acquire(fresh);
    boolean unusedAsks = file.lease().ask();
    long asked = file.lease().generation();
    try {
      Operation create = operation.apply(fresh);
      Attributes made = made(coherence.submitTo(session, create, caller, clock.now()).attributes());
      if (!made.inode().equals(fresh)) {
        return open(caller, made.inode(), flags);
      }
      if (file.lease().granted(asked, 0, false)) {
        return new Opened(newHandle(openFiles.acquire(fresh), flags), made, isDirect(flags));
      }
      return openMade(caller, fresh, flags);
    } finally {
      file.lease().refused(asked);
      leases.tidy(file);
      openFiles.release(file);
    }
  }

  /**
   * Opens what this call has made, whose lease is gone again, perhaps with the session. It may have
   * been unlinked and freed by then: that is EIO, since the kernel makes a call that is answered
   * ESTALE once more, and with O_EXCL it would meet what it made itself or what came after it.
   */
  private Opened openMade(Caller caller, InodeId inode, int flags) throws ErrnoException {
    try {
      return open(caller, inode, flags);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ESTALE) {
        throw new ErrnoException(Errno.EIO, inode + " was made and is gone again");
      }
      throw e;
    }
  }

  private static Attributes made(@Nullable Attributes attributes) {
    if (attributes == null) {
      throw new IllegalStateException("a create was answered without attributes");
    }
    return attributes;
  }

  /**
   * The handle of this number.
   *
   * @throws ErrnoException EBADF; EIO if it had locks that are lost
   */
  FileHandle handle(long number) throws ErrnoException {
    FileHandle handle = handles.get(number);
    handle.requireLocks();
    return handle;
  }

  /** fstat(2). */
  public Attributes attributes(long handle) throws ErrnoException {
    return attributes(handles.get(handle).file());
  }

  private Attributes attributes(OpenFile file) throws ErrnoException {
    return coherence.attributes(file.inode());
  }

  /** The inode of a handle. */
  public InodeId inode(long handle) throws ErrnoException {
    return handles.get(handle).file().inode();
  }

  /**
   * pread(2).
   *
   * @return bytes read, fewer than asked for only at the end of the file
   * @throws ErrnoException EBADF, EINVAL for a negative offset, EIO
   */
  public int read(long handle, long offset, ByteBuffer into) throws ErrnoException {
    FileHandle open = handle(handle);
    if (!OpenFlags.reads(open.flags())) {
      throw new ErrnoException(Errno.EBADF);
    }
    if (offset < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (!into.hasRemaining()) {
      return 0;
    }
    return reader.read(
        open.file(), open.pattern(), offset, into, seen -> accessTimes.read(seen, open.read()));
  }

  /**
   * pwrite(2), or write(2) at the end for a handle with O_APPEND. Waits while the mount's budget is
   * used up.
   *
   * @return bytes taken: all that remained in the source, unless memory gave out on the way
   * @throws ErrnoException EBADF, EINVAL, EFBIG; what earlier data of the handle was lost with
   *     (ENOSPC, EIO) until fsync or close has reported it, also if it was lost while this call
   *     waited; EIO if there is no lease or no room in time; EIO or EROFS while the quorum-loss
   *     policy refuses changes
   */
  public int write(Caller caller, long handle, long offset, ByteBuffer source)
      throws ErrnoException {
    FileHandle open = handle(handle);
    return write(caller, open, synced(open.flags()), offset, source);
  }

  /**
   * The same for a kernel that says the descriptor's flags with each write: fcntl(2) may have
   * changed them since it was opened, and O_DSYNC may be this call's alone (RWF_DSYNC).
   *
   * @param flags of which O_APPEND and O_DSYNC count, and not the handle's own
   */
  public int write(Caller caller, long handle, int flags, long offset, ByteBuffer source)
      throws ErrnoException {
    return write(caller, handle(handle), synced(flags), offset, source);
  }

  /**
   * Writes pages that a kernel kept for somebody's mapping, with any handle of the file: they go
   * where they say, though the handle may be one with O_APPEND. Otherwise as {@link #write}.
   */
  public int writePages(Caller caller, long handle, long offset, ByteBuffer source)
      throws ErrnoException {
    FileHandle open = handles.get(handle);
    return write(caller, open, open.flags() & ~OpenFlags.APPEND, offset, source);
  }

  private int synced(int flags) {
    return options.syncOnWrite() ? flags | OpenFlags.DATA_SYNC : flags;
  }

  private int write(Caller caller, FileHandle open, int flags, long offset, ByteBuffer source)
      throws ErrnoException {
    if (!OpenFlags.writes(open.flags())) {
      throw new ErrnoException(Errno.EBADF);
    }
    if (offset < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    long lossesKnown = open.refuseAfterLoss();
    int count = source.remaining();
    if (count == 0) {
      return 0;
    }
    Errno refusal = sessions.current().refusal();
    if (!refusal.isOk()) {
      throw new ErrnoException(refusal, "no majority");
    }
    Timestamp now = clock.now();
    budget.acquire(count, options.patience());
    boolean append = OpenFlags.has(flags, OpenFlags.APPEND);
    for (OpenFile.Batch batch :
        take(caller, open.file(), offset, source, now, append, lossesKnown)) {
      writeBack.start(open.file(), batch);
    }
    if (OpenFlags.has(flags, OpenFlags.DATA_SYNC)) {
      fsync(open);
    }
    return count - source.remaining();
  }

  private List<OpenFile.Batch> take(
      Caller caller,
      OpenFile file,
      long offset,
      ByteBuffer source,
      Timestamp now,
      boolean append,
      long lossesKnown)
      throws ErrnoException {
    int count = source.remaining();
    Lock lock = append ? file.shape().writeLock() : file.shape().readLock();
    long deadline = coherence.deadline();
    boolean locked = false;
    boolean entered = false;
    boolean taken = false;
    try {
      coherence.lock(lock, deadline);
      locked = true;
      leases.enter(file, deadline);
      entered = true;
      long at = append ? attributes(file).sizeBytes() : offset;
      if (at > Long.MAX_VALUE - count) {
        throw new ErrnoException(Errno.EFBIG);
      }
      taken = true;
      return file.write(at, source, caller, now, clock.nanoTime(), count, lossesKnown);
    } finally {
      if (entered) {
        leases.exit(file);
      }
      if (locked) {
        lock.unlock();
      }
      if (!taken) {
        budget.adjust(-count);
      }
    }
  }

  /**
   * close(2) of one descriptor. The locks of fcntl(2) that its process has of the file go. What is
   * dirty stays so, under the lease, and is committed within a second; at once when little space is
   * left, so that ENOSPC can be told, and where that is asked for.
   *
   * @throws ErrnoException ENOSPC, EIO or what else data was lost with since the handle was opened,
   *     once; fsync tells it all the same. Where it waits, also as {@link #fsync} when the data
   *     cannot be committed in time. EIO if locks of the handle were lost
   * @param owner of the process's locks; they go whatever else fails
   */
  public void flush(long handle, long owner) throws ErrnoException {
    FileHandle open = handles.get(handle);
    locks.closed(open, owner);
    open.requireLocks();
    if (options.syncOnClose() || isSpaceLow.getAsBoolean()) {
      writeBack.await(open.file());
      writeBack.awaitLogged();
    }
    open.reportAtClose();
  }

  /**
   * fsync(2) and fdatasync(2): the data, and all that this mount has changed of the tree so far.
   *
   * @throws ErrnoException ENOSPC, EIO or what else data was lost with, once for the handle, also
   *     for what was lost before it was opened if no fsync was told; EIO if the data cannot be
   *     committed in time, and EIO or EROFS at once while the quorum-loss policy refuses changes:
   *     then it is kept and may be synced later
   */
  public void fsync(long handle) throws ErrnoException {
    fsync(handle(handle));
  }

  private void fsync(FileHandle open) throws ErrnoException {
    writeBack.await(open.file());
    writeBack.awaitLogged();
    open.reportAtSync();
  }

  /** The same where no process has locks of its own. */
  public void flush(long handle) throws ErrnoException {
    flush(handle, 0);
  }

  /**
   * The last close of a handle: locks of the open file go. Data that is dirty stays so, as after
   * {@link #flush}.
   */
  public void release(long handle) throws ErrnoException {
    FileHandle open = handles.remove(handle);
    locks.released(open);
    open.close();
    openFiles.release(open.file());
  }

  /**
   * lseek(2) with SEEK_DATA or SEEK_HOLE. What is dirty is committed first.
   *
   * @throws ErrnoException ENXIO where lseek has it
   */
  public long seek(long handle, long offset, boolean data) throws ErrnoException {
    OpenFile file = handle(handle).file();
    writeBack.drain(file, lostData.number());
    return coherence.look(
        view -> {
          Holes holes = new Holes(view, view.attributes(file.inode()));
          return data ? holes.data(offset) : holes.hole(offset);
        });
  }

  /** ftruncate(2). */
  public void truncate(Caller caller, long handle, long sizeBytes) throws ErrnoException {
    FileHandle open = handle(handle);
    if (!OpenFlags.writes(open.flags()) || sizeBytes < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    resize(caller, open.file(), sizeBytes, clock.now());
  }

  private void resize(Caller caller, OpenFile file, long sizeBytes, Timestamp now)
      throws ErrnoException {
    Operation change =
        new Operation.SetAttributes(file.inode(), null, null, null, sizeBytes, null, null);
    shape.submit(file, change, caller, now);
  }

  /**
   * fallocate(2).
   *
   * @param mode see the FALLOC constants of {@link Operation}
   */
  public void allocate(Caller caller, long handle, int mode, long offset, long length)
      throws ErrnoException {
    FileHandle open = handle(handle);
    if (!OpenFlags.writes(open.flags())) {
      throw new ErrnoException(Errno.EBADF);
    }
    if (offset < 0 || length <= 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (offset > Long.MAX_VALUE - length) {
      throw new ErrnoException(Errno.EFBIG);
    }
    Operation allocate = new Operation.Allocate(open.file().inode(), mode, offset, length);
    shape.submit(open.file(), allocate, caller, clock.now());
  }

  /**
   * copy_file_range(2): no bytes move, the files share their blocks. What is dirty of both is
   * committed first. The source's atime stays.
   *
   * @return bytes copied: fewer than asked for at the source's end, and of files in many extents
   * @throws ErrnoException EBADF, EINVAL, EFBIG; EOPNOTSUPP if a block is shared too often; what
   *     earlier data of either was lost with
   */
  public long copy(Caller caller, long from, long fromOffset, long to, long toOffset, long length)
      throws ErrnoException {
    FileHandle source = handle(from);
    FileHandle target = handle(to);
    if (!OpenFlags.reads(source.flags()) || !OpenFlags.writes(target.flags())) {
      throw new ErrnoException(Errno.EBADF);
    }
    if (fromOffset < 0 || toOffset < 0 || length < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    MetadataSession session = coherence.session();
    long unusedLosses = target.refuseAfterLoss();
    writeBack.drain(source.file(), source.refuseAfterLoss());
    Operation copy =
        new Operation.CopyRange(
            source.file().inode(), fromOffset, target.file().inode(), toOffset, length);
    return shape.submit(session, target.file(), copy, caller, clock.now()).number();
  }
}
