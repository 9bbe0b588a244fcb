package io.pandofs.meta.engine;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.VolumeStats;
import java.util.List;

/** The tree as some tables show it. */
public final class TableView implements MetadataView {
  private final long index;
  private final Runnable onClose;

  /**
   * @param index the log index the tables show
   * @param onClose gives the tables back
   */
  public TableView(ReadStore tables, long index, Runnable onClose) {
    this.index = index;
    this.onClose = onClose;
  }

  @Override
  public long index() {
    return index;
  }

  @Override
  public Attributes attributes(InodeId inode) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Attributes lookup(InodeId parent, FileName name) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public InodeId parent(InodeId directory) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<DirectoryEntry> readDirectory(InodeId directory, long afterCookie, int limit)
      throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public byte[] readLink(InodeId inode) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Extent> extents(InodeId inode, long from, long to) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public byte[] xattr(InodeId inode, byte[] name) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<byte[]> xattrNames(InodeId inode) throws ErrnoException {
    throw new UnsupportedOperationException();
  }

  @Override
  public VolumeStats stats() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    onClose.run();
  }
}
