package io.pandofs.meta;

import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A consistent look at the tree as of one log index. Reads touch the local tables only. What is
 * said of an inode that another session holds the lease of, its names included, may not be all: a
 * session's view throws {@link ForeignLeaseException} then. Not thread-safe; close it soon, it pins
 * a snapshot of the tables.
 */
public interface MetadataView extends AutoCloseable {
  /** The log index this view shows. */
  long index();

  /**
   * What stat(2) tells of an inode.
   *
   * @throws ErrnoException ESTALE if there is no such inode
   */
  Attributes attributes(InodeId inode) throws ErrnoException;

  /**
   * The inode of a name.
   *
   * @throws ErrnoException ENOENT, ENOTDIR if {@code parent} is no directory, ESTALE if it is gone
   */
  Attributes lookup(InodeId parent, FileName name) throws ErrnoException;

  /** The directory a directory is in; the root's is the root. */
  InodeId parent(InodeId directory) throws ErrnoException;

  /**
   * Entries whose cookie is over {@code afterCookie} (0 for the beginning), in order of cookie. An
   * entry that exists throughout a scan is seen exactly once, whatever else comes and goes.
   */
  List<DirectoryEntry> readDirectory(InodeId directory, long afterCookie, int limit)
      throws ErrnoException;

  /**
   * A symlink's target.
   *
   * @throws ErrnoException EINVAL if the inode is no symlink
   */
  byte[] readLink(InodeId inode) throws ErrnoException;

  /** Extents that intersect {@code [from, to)}, in order, whole (not cut to the range). */
  List<Extent> extents(InodeId inode, long from, long to) throws ErrnoException;

  /**
   * The bytes of an inline block, all of them; null if it is none: then they are on its replicas,
   * and stay there as long as something references them.
   */
  byte @Nullable [] inline(BlockId block);

  /**
   * An extended attribute's value.
   *
   * @throws ErrnoException ENODATA if there is none of that name; see {@link XattrName}
   */
  byte[] xattr(InodeId inode, byte[] name) throws ErrnoException;

  /** The names of an inode's extended attributes. */
  List<byte[]> xattrNames(InodeId inode) throws ErrnoException;

  /**
   * A lock that stands in the way of another one, fcntl(2) F_GETLK; null if there is none.
   *
   * @throws ErrnoException ESTALE if there is no such inode
   */
  @Nullable FileLock lockAgainst(InodeId inode, FileLock wanted) throws ErrnoException;

  VolumeStats stats();

  @Override
  void close();
}
