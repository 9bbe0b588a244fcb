package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileType;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.VolumeStats;
import io.pandofs.meta.XattrName;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tree as some tables show it. A session's view shows nothing that another one holds a lease
 * of: it throws {@link ForeignLeaseException} instead, but for what is said of a directory's
 * parent, which nobody changes before the log does. Not thread-safe.
 */
public final class TableView implements MetadataView {
  private final ReadStore tables;
  private final long index;
  private final Runnable onClose;
  private final Leases leases;
  private final @Nullable SessionId viewer;
  private final Set<InodeId> returning;

  /** The one whose lease was asked for last. */
  private @Nullable Inode directory;

  /** What to do about leases. */
  private enum Leases {
    SHOWN,
    OBEYED,
    HIDDEN
  }

  /**
   * A look at these tables by nobody: leases are shown and do not stand in the way.
   *
   * @param index the log index the tables show
   * @param onClose gives the tables back
   */
  public TableView(ReadStore tables, long index, Runnable onClose) {
    this(tables, index, onClose, Leases.SHOWN, null, Set.of());
  }

  private TableView(
      ReadStore tables,
      long index,
      Runnable onClose,
      Leases leases,
      @Nullable SessionId viewer,
      Set<InodeId> returning) {
    this.tables = tables;
    this.index = index;
    this.onClose = onClose;
    this.leases = leases;
    this.viewer = viewer;
    this.returning = returning;
  }

  /** A session's. */
  public static TableView of(SessionId viewer, ReadStore tables, long index, Runnable onClose) {
    return of(viewer, Set.of(), tables, index, onClose);
  }

  /**
   * The same of a session that has given back leases, which these tables may still show as its own:
   * they are in the way like those of others.
   */
  public static TableView of(
      SessionId viewer, Set<InodeId> returning, ReadStore tables, long index, Runnable onClose) {
    return new TableView(tables, index, onClose, Leases.OBEYED, viewer, returning);
  }

  /**
   * The same for who takes the tables as they are, without a majority: a lease does not stand in
   * the way, since its holder could not give it back.
   */
  public static TableView asItIs(ReadStore tables, long index, Runnable onClose) {
    return new TableView(tables, index, onClose, Leases.HIDDEN, null, Set.of());
  }

  @Override
  public long index() {
    return index;
  }

  @Override
  public Attributes attributes(InodeId inode) throws ErrnoException {
    Inode found = asItIs(inode);
    Inode.Lease lease = lease(found);
    // Nobody has written to a file under the lease of its directory alone.
    if (lease == null || (leases != Leases.SHOWN && lease.inode() != found)) {
      return found.attributes();
    }
    return found.attributes(lease.holder());
  }

  @Override
  public Attributes lookup(InodeId parent, FileName name) throws ErrnoException {
    Dentries.Dentry dentry = Dentries.find(tables, directory(parent).id, name);
    if (dentry == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return attributes(dentry.inode());
  }

  @Override
  public InodeId parent(InodeId directory) throws ErrnoException {
    return new InodeId(requireDirectory(asItIs(directory)).parent);
  }

  @Override
  public List<DirectoryEntry> readDirectory(InodeId directory, long afterCookie, int limit)
      throws ErrnoException {
    return Dentries.list(tables, directory(directory).id, afterCookie, limit);
  }

  @Override
  public byte[] readLink(InodeId inode) throws ErrnoException {
    Inode link = inode(inode);
    if (link.type != FileType.SYMLINK) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return link.target;
  }

  @Override
  public List<Extent> extents(InodeId inode, long from, long to) throws ErrnoException {
    return Extents.find(tables, inode(inode).id.value(), Math.max(0, from), to);
  }

  @Override
  public byte @Nullable [] inline(BlockId block) {
    return InlineScan.find(tables, block);
  }

  @Override
  public byte[] xattr(InodeId inode, byte[] name) throws ErrnoException {
    long number = inode(inode).id.value();
    XattrName.check(name);
    byte[] value = Xattrs.find(tables, number, name);
    if (value == null) {
      throw new ErrnoException(Errno.ENODATA);
    }
    return value;
  }

  @Override
  public List<byte[]> xattrNames(InodeId inode) throws ErrnoException {
    return Xattrs.names(tables, inode(inode).id.value(), Integer.MAX_VALUE);
  }

  @Override
  public @Nullable FileLock lockAgainst(InodeId inode, FileLock wanted) throws ErrnoException {
    for (FileLock held : FileLocks.held(tables, wanted.kind(), inode(inode).id)) {
      if (wanted.conflictsWith(held)) {
        return held;
      }
    }
    return null;
  }

  @Override
  public VolumeStats stats() {
    return Totals.load(tables);
  }

  @Override
  public void close() {
    onClose.run();
  }

  /** What the lease is of that covers an inode; null if none does, or the inode is not there. */
  public @Nullable InodeId leased(InodeId id) {
    Inode inode = Inode.find(tables, id.value());
    Inode.Lease lease = inode == null ? null : inode.coveredBy(tables, this::directoryRow);
    return lease == null ? null : lease.inode().id;
  }

  /** The lease that covers an inode; null if there is none, or it does not matter. */
  private Inode.@Nullable Lease lease(Inode inode) throws ForeignLeaseException {
    Inode.Lease lease =
        leases == Leases.HIDDEN ? null : inode.coveredBy(tables, this::directoryRow);
    if (lease == null) {
      return null;
    }
    boolean isOwn = lease.holder().equals(viewer) && !returning.contains(lease.inode().id);
    if (leases == Leases.OBEYED && !isOwn) {
      throw new ForeignLeaseException(lease.holder(), lease.inode().id);
    }
    return lease;
  }

  /** Who looks at one file looks at its neighbours next. */
  private @Nullable Inode directoryRow(long number) {
    Inode known = directory;
    if (known == null || known.id.value() != number) {
      known = Inode.find(tables, number);
      directory = known;
    }
    return known;
  }

  private Inode inode(InodeId id) throws ErrnoException {
    Inode inode = asItIs(id);
    Inode.Lease unusedLease = lease(inode);
    return inode;
  }

  private Inode asItIs(InodeId id) throws ErrnoException {
    Inode inode = Inode.find(tables, id.value());
    if (inode == null) {
      throw new ErrnoException(Errno.ESTALE);
    }
    return inode;
  }

  private Inode directory(InodeId id) throws ErrnoException {
    return requireDirectory(inode(id));
  }

  private static Inode requireDirectory(Inode inode) throws ErrnoException {
    if (!inode.isDirectory()) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    return inode;
  }
}
