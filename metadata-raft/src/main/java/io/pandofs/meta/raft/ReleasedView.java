package io.pandofs.meta.raft;

import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.VolumeStats;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A view of tables that may show what is not released yet: each answer waits until what it tells is
 * released (PROTOCOL rule 1). The volume's totals do not wait: every entry changes them, and they
 * promise nothing. Not thread-safe.
 */
final class ReleasedView implements MetadataView {
  private final MetadataView all;
  private final Gate gate;

  /** Lets an answer pass. */
  interface Gate {
    /**
     * Returns when all changes of the inode up to an index are released.
     *
     * @throws ErrnoException EIO when that takes too long
     */
    void await(InodeId inode, long upTo) throws ErrnoException;
  }

  ReleasedView(MetadataView all, Gate gate) {
    this.all = all;
    this.gate = gate;
  }

  private void await(InodeId inode) throws ErrnoException {
    gate.await(inode, all.index());
  }

  @Override
  public long index() {
    return all.index();
  }

  @Override
  public Attributes attributes(InodeId inode) throws ErrnoException {
    await(inode);
    return all.attributes(inode);
  }

  @Override
  public Attributes lookup(InodeId parent, FileName name) throws ErrnoException {
    await(parent);
    Attributes found = all.lookup(parent, name);
    await(found.inode());
    return found;
  }

  /** That a lock is held is not a fact for long: it does not wait. */
  @Override
  public @Nullable FileLock lockAgainst(InodeId inode, FileLock wanted) throws ErrnoException {
    return all.lockAgainst(inode, wanted);
  }

  @Override
  public InodeId parent(InodeId directory) throws ErrnoException {
    await(directory);
    return all.parent(directory);
  }

  @Override
  public List<DirectoryEntry> readDirectory(InodeId directory, long afterCookie, int limit)
      throws ErrnoException {
    await(directory);
    return all.readDirectory(directory, afterCookie, limit);
  }

  @Override
  public byte[] readLink(InodeId inode) throws ErrnoException {
    await(inode);
    return all.readLink(inode);
  }

  @Override
  public List<Extent> extents(InodeId inode, long from, long to) throws ErrnoException {
    await(inode);
    return all.extents(inode, from, to);
  }

  @Override
  public byte @Nullable [] inline(BlockId block) {
    return all.inline(block);
  }

  @Override
  public byte[] xattr(InodeId inode, byte[] name) throws ErrnoException {
    await(inode);
    return all.xattr(inode, name);
  }

  @Override
  public List<byte[]> xattrNames(InodeId inode) throws ErrnoException {
    await(inode);
    return all.xattrNames(inode);
  }

  @Override
  public VolumeStats stats() {
    return all.stats();
  }

  @Override
  public void close() {
    all.close();
  }
}
