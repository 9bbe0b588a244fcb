package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.meta.MetadataSession;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The inodes that are open on this mount, each held in the session from its first open to its last
 * close, and in every session that follows. Thread-safe.
 */
final class OpenFiles implements Sessions.Listener {

  private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);

  private final BufferPool pool;
  private final WriteBudget budget;

  @GuardedBy("this")
  private final Map<InodeId, Entry> entries = new HashMap<>();

  @GuardedBy("this")
  private @Nullable MetadataSession holder;

  private static final class Entry {
    final OpenFile file;
    int users;

    Entry(OpenFile file) {
      this.file = file;
    }
  }

  OpenFiles(BufferPool pool, WriteBudget budget) {
    this.pool = pool;
    this.budget = budget;
  }

  /** Opens once more; the inode is held before this returns. Each is to be released once. */
  synchronized OpenFile acquire(InodeId inode) {
    Entry entry = entries.get(inode);
    if (entry == null) {
      entry = new Entry(new OpenFile(inode, pool, budget));
      entries.put(inode, entry);
      if (holder != null) {
        holder.hold(inode);
      }
    }
    entry.users++;
    return entry.file;
  }

  /** Takes one open back. The last one's caller has flushed. */
  synchronized void release(OpenFile file) {
    Entry entry = entries.get(file.inode());
    if (entry == null || entry.file != file) {
      throw new IllegalStateException("not open: " + file.inode());
    }
    entry.users--;
    if (entry.users == 0) {
      entries.remove(file.inode());
      if (holder != null) {
        holder.release(file.inode());
      }
    }
  }

  /** The state of an inode that is open here; null if it is not. */
  synchronized @Nullable OpenFile find(InodeId inode) {
    Entry entry = entries.get(inode);
    return entry == null ? null : entry.file;
  }

  synchronized List<OpenFile> all() {
    List<OpenFile> all = new ArrayList<>(entries.size());
    for (Entry entry : entries.values()) {
      all.add(entry.file);
    }
    return all;
  }

  @Override
  public void lost() {
    for (OpenFile file : all()) {
      if (file.isDirty()) {
        LOG.warn("written data of {} is lost with its session", file.inode());
        file.lose(Errno.EIO);
      }
    }
  }

  @Override
  public synchronized void renewed(MetadataSession session) {
    holder = session;
    for (InodeId inode : entries.keySet()) {
      session.hold(inode);
    }
  }
}
