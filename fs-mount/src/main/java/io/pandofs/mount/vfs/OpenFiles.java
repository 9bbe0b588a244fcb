package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataSession;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The inodes that are open on this mount, dirty or leased to it, each held in the session all the
 * while, and in every session that follows. Thread-safe.
 */
final class OpenFiles implements Sessions.Listener {

  private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);

  private final BufferPool pool;
  private final WriteBudget budget;
  private final LostData lostData;
  private final KeptByKernel kept;
  private final Clock clock;

  @GuardedBy("this")
  private final Map<InodeId, Entry> entries = new HashMap<>();

  /** Written under the lock. */
  private volatile @Nullable MetadataSession holder;

  @GuardedBy("this")
  private @Nullable MetadataSession lossesToldOf;

  private static final class Entry {
    final OpenFile file;
    int users;

    Entry(OpenFile file) {
      this.file = file;
    }
  }

  @GuardedBy("this")
  private MetadataSession.@Nullable LeaseHolder leases;

  private final Looked looked;

  OpenFiles(
      BufferPool pool, WriteBudget budget, LostData lostData, KeptByKernel kept, Clock clock) {
    this.pool = pool;
    this.budget = budget;
    this.lostData = lostData;
    this.kept = kept;
    this.clock = clock;
    this.looked = new Looked(clock);
  }

  /**
   * What the present session was asked of what is held; the same as before a view was opened if
   * what that has shown was {@link #looked} up in time.
   */
  Moment moment() {
    MetadataSession present = holder;
    return new Moment(present, present == null ? 0 : present.renewals());
  }

  /** See {@link #moment}. */
  record Moment(@Nullable MetadataSession session, long renewals) {}

  /** A name meant this inode a moment ago. */
  void looked(InodeId inode) {
    looked.add(inode);
  }

  /** Whether an inode without a name lasts until it is opened, if it is there. */
  boolean lasts(OpenFile file) {
    return file.isOpen() || looked.contains(file.inode());
  }

  /** Says who gives leases back, in this session and in all that follow. */
  synchronized void onRecall(MetadataSession.LeaseHolder recalled) {
    leases = recalled;
    if (holder != null) {
      holder.onRecall(recalled);
    }
  }

  /** Opens once more; the inode is held before this returns. Each is to be released once. */
  synchronized OpenFile acquire(InodeId inode) {
    Entry entry = entries.get(inode);
    if (entry == null) {
      entry = new Entry(new OpenFile(inode, new FileLease(clock), pool, budget, lostData));
      entries.put(inode, entry);
      if (holder != null) {
        holder.hold(inode);
      }
    }
    entry.users++;
    return entry.file;
  }

  /** Takes one open back. */
  synchronized void release(OpenFile file) {
    Entry entry = entries.get(file.inode());
    if (entry == null || entry.file != file) {
      throw new IllegalStateException("not open: " + file.inode());
    }
    entry.users--;
    forget(entry);
  }

  /** Forgets a file that is neither open nor dirty nor leased any more. */
  synchronized void tidy(OpenFile file) {
    Entry entry = entries.get(file.inode());
    if (entry != null && entry.file == file) {
      forget(entry);
    }
  }

  @GuardedBy("this")
  private void forget(Entry entry) {
    OpenFile file = entry.file;
    if (entry.users == 0 && file.lease().isNone() && !file.isDirty()) {
      entries.remove(file.inode());
      lostData.closed(file.inode());
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

  /** Those that nobody has open: dirty, or leased still. */
  synchronized List<OpenFile> closed() {
    List<OpenFile> closed = new ArrayList<>();
    for (Entry entry : entries.values()) {
      if (entry.users == 0) {
        closed.add(entry.file);
      }
    }
    return closed;
  }

  synchronized List<OpenFile> all() {
    List<OpenFile> all = new ArrayList<>(entries.size());
    for (Entry entry : entries.values()) {
      all.add(entry.file);
    }
    return all;
  }

  @Override
  public void lost(MetadataSession session) {
    synchronized (this) {
      if (holder == session && session.lost() > 0 && lossesToldOf != session) {
        lossesToldOf = session;
        lostData.lostNames();
        session.lostWrites().forEach(this::lostAhead);
      }
    }
    for (OpenFile file : all()) {
      if (file.sessionLost(() -> holder == session)) {
        LOG.warn("written data of {} is lost with its session", file.inode());
      }
      tidy(file);
    }
  }

  /** Bytes that the log was to have already, whether or not somebody has the file open. */
  @GuardedBy("this")
  private void lostAhead(InodeId inode) {
    LOG.warn("written data of {} is lost with its session", inode);
    lostData.lost(inode, Errno.EIO);
    if (!entries.containsKey(inode)) {
      lostData.closed(inode);
    }
  }

  @Override
  public synchronized void renewed(MetadataSession session) {
    holder = session;
    session.onRenewal(looked::contains);
    kept.watch(session);
    if (leases != null) {
      session.onRecall(leases);
    }
    for (InodeId inode : entries.keySet()) {
      session.hold(inode);
    }
  }
}
