package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Open directories: opendir(3) to closedir(3). Thread-safe. */
public final class DirectoryOperations {

  private static final long COOKIE_DOT = 1;
  private static final long COOKIE_DOT_DOT = 2;

  private final Sessions sessions;
  private final Coherence coherence;
  private final OpenFiles openFiles;
  private final WriteBack writeBack;
  private final LostData lostData;
  private final AccessTimes accessTimes;

  /** Up to which loss an fsync without a handle has nothing to tell. */
  private final AtomicLong told = new AtomicLong();

  private final Handles<Open> handles = new Handles<>();

  /**
   * What opendir(3) returned.
   *
   * @param read see {@link AccessTimes#read}
   * @param told up to which loss fsync has nothing to tell
   */
  private record Open(OpenFile held, AtomicBoolean read, AtomicLong told) {}

  DirectoryOperations(
      Sessions sessions,
      Coherence coherence,
      OpenFiles openFiles,
      WriteBack writeBack,
      LostData lostData,
      AccessTimes accessTimes) {
    this.writeBack = writeBack;
    this.lostData = lostData;
    this.sessions = sessions;
    this.coherence = coherence;
    this.openFiles = openFiles;
    this.accessTimes = accessTimes;
  }

  /**
   * An entry, "." and ".." included.
   *
   * @param cookie where to go on after it
   * @param name 1 to 255 bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // a value on its way; nobody compares it
  public record Entry(long cookie, byte[] name, InodeId inode, FileType type) {}

  /**
   * opendir(3).
   *
   * @param flags see {@link OpenFlags}; only O_NOATIME counts
   * @throws ErrnoException ENOTDIR; ESTALE if it is gone, or has no name and is open nowhere here
   */
  public long open(InodeId directory, int flags) throws ErrnoException {
    OpenFile held = openFiles.acquire(directory);
    boolean opened = false;
    try {
      Attributes attributes = coherence.look(view -> view.attributes(directory));
      if (!attributes.isDirectory()) {
        throw new ErrnoException(Errno.ENOTDIR);
      }
      if (attributes.links() == 0 && !openFiles.lasts(held)) {
        throw new ErrnoException(Errno.ESTALE); // see FileOperations: it may be freed at any time
      }
      opened = true;
      held.handleOpened();
      boolean noted = OpenFlags.has(flags, OpenFlags.NO_ACCESS_TIME);
      AtomicLong told = new AtomicLong(lostData.number());
      return handles.add(new Open(held, new AtomicBoolean(noted), told));
    } finally {
      if (!opened) {
        openFiles.release(held);
      }
    }
  }

  /**
   * readdir(3): entries after a cookie, 0 for the beginning, at most about {@code limit}; none at
   * the end. An entry that is there all the time is seen exactly once.
   */
  public List<Entry> read(long handle, long afterCookie, int limit) throws ErrnoException {
    Open open = handles.get(handle);
    InodeId directory = open.held.inode();
    return coherence.look(
        view -> {
          Attributes self = view.attributes(directory);
          accessTimes.read(self, open.read);
          return entries(view, self, afterCookie, limit);
        });
  }

  private static List<Entry> entries(
      MetadataView view, Attributes self, long afterCookie, int limit) throws ErrnoException {
    List<Entry> entries = new ArrayList<>(limit + 2);
    InodeId directory = self.inode();
    if (afterCookie < COOKIE_DOT) {
      entries.add(new Entry(COOKIE_DOT, new byte[] {'.'}, directory, FileType.DIRECTORY));
    }
    if (self.links() == 0) {
      return entries;
    }
    if (afterCookie < COOKIE_DOT_DOT) {
      InodeId parent = view.parent(directory);
      entries.add(new Entry(COOKIE_DOT_DOT, new byte[] {'.', '.'}, parent, FileType.DIRECTORY));
    }
    view.readDirectory(directory, Math.max(afterCookie, COOKIE_DOT_DOT), limit)
        .forEach(e -> entries.add(new Entry(e.cookie(), e.name().toBytes(), e.inode(), e.type())));
    return entries;
  }

  /**
   * An entry and what stat(2) tells of it.
   *
   * @param attributes null if a mount has the lease of it, so that a look might have to wait; and
   *     for "." and ".."
   */
  public record EntryPlus(Entry entry, @Nullable Attributes attributes) {}

  /** {@link #read} with attributes, which are as of one moment; waits for nobody's files. */
  public List<EntryPlus> readPlus(long handle, long afterCookie, int limit) throws ErrnoException {
    List<EntryPlus> plus = new ArrayList<>(limit + 2);
    for (Entry entry : read(handle, afterCookie, limit)) {
      plus.add(new EntryPlus(entry, null));
    }
    try (MetadataView view = sessions.view()) {
      plus.replaceAll(p -> isDots(p.entry) ? p : new EntryPlus(p.entry, settled(view, p.entry)));
    }
    return plus;
  }

  private static boolean isDots(Entry entry) {
    return entry.cookie <= COOKIE_DOT_DOT;
  }

  /**
   * The attributes, if what a view shows is all there is to know; null if not, or if it is gone.
   */
  private static @Nullable Attributes settled(MetadataView view, Entry entry) {
    try {
      Attributes shown = view.attributes(entry.inode);
      return shown.holder() == null || shown.isDirectory() ? shown : null;
    } catch (ErrnoException e) {
      return null;
    }
  }

  /**
   * fsync(2) of a directory: all that this mount has changed of the tree so far.
   *
   * @throws ErrnoException EBADF; EIO if it cannot be in the log in time; EIO, once for the handle,
   *     if changes were lost since it was opened
   */
  public void fsync(long handle) throws ErrnoException {
    fsync(handles.get(handle).told);
  }

  /** The same for who cannot say which directory: losses are told once for all of them. */
  public void fsync() throws ErrnoException {
    fsync(told);
  }

  private void fsync(AtomicLong upTo) throws ErrnoException {
    writeBack.awaitLogged();
    if (lostData.areNamesUntold(upTo.getAndSet(lostData.number()))) {
      throw new ErrnoException(Errno.EIO, "changes are lost with their session");
    }
  }

  public void release(long handle) throws ErrnoException {
    OpenFile held = handles.remove(handle).held;
    held.handleClosed();
    openFiles.release(held);
  }
}
