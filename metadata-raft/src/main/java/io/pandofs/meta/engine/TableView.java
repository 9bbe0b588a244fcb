package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.VolumeStats;
import io.pandofs.meta.XattrName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tree as some tables show it. As thread-safe as the tables are. */
public final class TableView implements MetadataView {
  private final ReadStore tables;
  private final long index;
  private final Runnable onClose;
  private final boolean leases;

  /**
   * A look at these tables.
   *
   * @param index the log index the tables show
   * @param onClose gives the tables back
   */
  public TableView(ReadStore tables, long index, Runnable onClose) {
    this(tables, index, onClose, true);
  }

  private TableView(ReadStore tables, long index, Runnable onClose, boolean leases) {
    this.tables = tables;
    this.index = index;
    this.onClose = onClose;
    this.leases = leases;
  }

  /**
   * The same for who takes the tables as they are, without a majority: a lease does not stand in
   * the way, since its holder could not give it back.
   */
  public static TableView asItIs(ReadStore tables, long index, Runnable onClose) {
    return new TableView(tables, index, onClose, false);
  }

  @Override
  public long index() {
    return index;
  }

  @Override
  public Attributes attributes(InodeId inode) throws ErrnoException {
    Inode found = inode(inode);
    return found.attributes(leases ? found.holder(tables) : null);
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
    return new InodeId(directory(directory).parent);
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

  private Inode inode(InodeId id) throws ErrnoException {
    Inode inode = Inode.find(tables, id.value());
    if (inode == null) {
      throw new ErrnoException(Errno.ESTALE);
    }
    return inode;
  }

  private Inode directory(InodeId id) throws ErrnoException {
    Inode inode = inode(id);
    if (!inode.isDirectory()) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    return inode;
  }
}
