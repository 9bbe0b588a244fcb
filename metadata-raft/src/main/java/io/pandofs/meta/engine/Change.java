package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Privileges;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.XattrName;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One operation at work. Inodes are loaded once and written back by {@link #finish}, so that an
 * operation that touches one inode in two parts sees it as one.
 *
 * <p>Invariant: an operation checks everything before it writes anything, so that its failure
 * leaves nothing behind. A failure after a write is a defect and stops the process.
 */
final class Change {
  /** Times beyond are cut to it: 34,000 years each way. */
  private static final long SECONDS_MAX = 1L << 40;

  private final Store store;
  private final LocalEffects effects;
  private final SessionId session;
  private final Granted granted;
  private final Caller caller;
  private final Timestamp now;
  private final long index;
  private final Touch access;
  private final Map<Long, Inode> inodes = new TreeMap<>();
  private boolean written;
  private Inode.@Nullable Lease inTheWay;

  Change(
      Store store,
      LocalEffects effects,
      SessionId session,
      Granted granted,
      Request request,
      long index,
      Touch access) {
    this.store = store;
    this.effects = effects;
    this.session = session;
    this.granted = granted;
    this.caller = request.caller();
    this.now = bounded(request.time());
    this.index = index;
    this.access = access;
  }

  static Timestamp bounded(Timestamp time) {
    if (Math.abs(time.seconds()) <= SECONDS_MAX && time.seconds() != Long.MIN_VALUE) {
      return time;
    }
    return new Timestamp(time.seconds() < 0 ? -SECONDS_MAX : SECONDS_MAX, 0);
  }

  /** The tables to look into; may be asked at any time. */
  ReadStore tables() {
    return store;
  }

  /** The tables to change: from here on the operation must not fail. */
  Store write() {
    written = true;
    return store;
  }

  boolean hasWritten() {
    return written;
  }

  LocalEffects effects() {
    return effects;
  }

  SessionId session() {
    return session;
  }

  /** Whether the session holds a number. */
  boolean isGranted(Operation.NumberKind kind, long number) {
    return granted.has(store, session, kind, number);
  }

  Caller caller() {
    return caller;
  }

  Timestamp now() {
    return now;
  }

  /** What a write, truncation or allocation takes away: see {@link Privileges}. */
  void dropPrivilegesOnWrite(Inode inode) {
    inode.permissions = Privileges.afterWrite(inode.permissions, inode.gid, caller);
    dropCapability(inode);
  }

  /** What a change of owner takes away. */
  void dropPrivilegesOnChangeOfOwner(Inode inode) {
    if (!inode.isDirectory()) {
      inode.permissions = Privileges.afterChangeOfOwner(inode.permissions, inode.gid, caller);
      dropCapability(inode);
    }
  }

  /** Root's changes take it too. */
  private void dropCapability(Inode inode) {
    byte[] name = XattrName.capability();
    if (Xattrs.find(store, inode.id.value(), name) != null) {
      Xattrs.remove(write(), inode.id.value(), name);
    }
  }

  /**
   * An inode, orphans included, that the operation may touch. Not what another session has a lease
   * of: what that one has done and not sent yet is not in the tables, so nothing is decided by them
   * (PROTOCOL rules 8 and 10).
   *
   * @throws ErrnoException ESTALE if there is none; LEASED, and {@link #failed} says whose
   */
  Inode inode(InodeId id) throws ErrnoException {
    Inode inode = asItIs(id);
    if (!mayTouch(inode)) {
      inTheWay = coveredBy(inode);
      throw new ErrnoException(Errno.LEASED);
    }
    return inode;
  }

  /** Whether the operation may touch an inode, by the lease that covers it. */
  boolean mayTouch(Inode inode) {
    Inode.Lease lease = coveredBy(inode);
    boolean isOwn = lease != null && lease.holder().equals(session);
    InodeId leased = lease == null ? null : lease.inode().id;
    return access.permits(inode.id, inode.isOrphan(), leased, isOwn);
  }

  /** Whether it is tried ahead of the log. */
  boolean isAhead() {
    return index == OperationEngine.AHEAD;
  }

  /**
   * Of what cannot be decided by the inodes that it touches alone.
   *
   * @throws ErrnoException LEASED if it is tried ahead of the log
   */
  void requireInLog() throws ErrnoException {
    if (isAhead()) {
      throw new ErrnoException(Errno.LEASED);
    }
  }

  /**
   * An inode, whoever has a lease of it: for what a holder does not do ahead.
   *
   * @throws ErrnoException ESTALE if there is none
   */
  Inode asItIs(InodeId id) throws ErrnoException {
    Inode loaded = load(id.value());
    if (loaded == null) {
      throw new ErrnoException(Errno.ESTALE);
    }
    return loaded;
  }

  /**
   * An inode of which the operation only takes away what the session itself has there. No other one
   * decides anything by that, so their leases do not stand in the way.
   *
   * @throws ErrnoException ESTALE if there is none; LEASED if only the session's own lease would do
   */
  Inode toLeave(InodeId id) throws ErrnoException {
    Inode inode = asItIs(id);
    Inode.Lease lease = coveredBy(inode);
    InodeId own = lease != null && lease.holder().equals(session) ? lease.inode().id : null;
    if (!access.permits(inode.id, inode.isOrphan(), own, own != null)) {
      throw new ErrnoException(Errno.LEASED);
    }
    return inode;
  }

  private @Nullable Inode load(long number) {
    Inode loaded = inodes.get(number);
    if (loaded == null) {
      loaded = Inode.find(store, number);
      if (loaded != null) {
        inodes.put(number, loaded);
      }
    }
    return loaded;
  }

  private Inode.@Nullable Lease coveredBy(Inode inode) {
    return inode.coveredBy(store, this::load);
  }

  /**
   * The inode that a name means: it must be there.
   *
   * @throws ErrnoException LEASED, as above
   */
  Inode named(Dentries.Dentry dentry) throws ErrnoException {
    try {
      return inode(dentry.inode());
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ESTALE) {
        throw new StoreException("damaged tables: a name of the missing " + dentry.inode(), e);
      }
      throw e;
    }
  }

  /** A directory, or ESTALE, ENOTDIR. */
  Inode directory(InodeId id) throws ErrnoException {
    Inode inode = inode(id);
    if (!inode.isDirectory()) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    return inode;
  }

  /** A regular file, or ESTALE, EISDIR, EINVAL. */
  Inode file(InodeId id) throws ErrnoException {
    return requireFile(inode(id));
  }

  /** As {@link #file}, of an inode that was got otherwise. */
  static Inode requireFile(Inode inode) throws ErrnoException {
    if (inode.isDirectory()) {
      throw new ErrnoException(Errno.EISDIR);
    }
    if (inode.type != FileType.REGULAR) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return inode;
  }

  /** What the session is told of the operation's failure. */
  Reply failed(Errno errno) {
    return inTheWay == null
        ? Reply.failed(errno)
        : new Reply(errno, inTheWay.inode().attributes(), inTheWay.holder().value());
  }

  /** Takes in an inode that the operation has made. */
  void created(Inode inode) {
    inodes.put(inode.id.value(), inode);
    Totals.addInodes(write(), 1);
  }

  /** Makes a name mean an inode. */
  void putDentry(Inode parent, long slot, FileName name, Inode inode) {
    Dentries.put(write(), parent.id, slot, name, inode);
    effects.dentryChanged(parent.id, name);
  }

  void removeDentry(Inode parent, Dentries.Dentry dentry) {
    Dentries.remove(write(), parent.id, dentry);
    effects.dentryChanged(parent.id, dentry.name());
  }

  /** Takes one link from an inode that is no directory, or all from one that is. */
  void unlinked(Inode inode) {
    if (inode.isDirectory()) {
      inode.links = 0;
    } else {
      inode.links--;
      inode.parent = 0;
    }
    inode.touchChanged(now);
    if (inode.isOrphan()) {
      orphaned(inode, false);
    }
  }

  /** Notes an inode without a name. */
  void orphaned(Inode inode, boolean linkable) {
    Orphans.put(write(), inode.id, index, linkable);
    effects.orphaned(inode.id);
  }

  /** Writes the inodes that the operation has worked on. */
  void finish(Inode... changed) {
    for (Inode inode : changed) {
      inode.save(write());
      effects.inodeChanged(inode.id);
    }
  }
}
