package io.pandofs.meta.engine;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * flock(2) and the locks of fcntl(2), over all mounts. Who must wait stands in the tables, in
 * order: so that whoever leads grants the same lock to the same owner, and so that owners who wait
 * for each other are found wherever they are.
 */
final class LockOperations {
  /** Locks on one inode, waiting ones included. */
  static final int LOCKS_MAX = 4096;

  /** Locks of one session, waiting ones included: what its end has to undo in one entry. */
  static final int SESSION_LOCKS_MAX = 8192;

  /** Held locks that are looked at for an owner who waits for the asker in turn. */
  private static final int LOOKS_MAX = 20_000;

  private LockOperations() {}

  private record Owner(SessionId session, long number) {
    static Owner of(FileLock lock) {
      return new Owner(lock.session(), lock.owner());
    }
  }

  static Reply set(Operation.SetLock set, Change change) throws ErrnoException {
    FileLock.Type type = set.type();
    InodeId inode = (type == null ? change.toLeave(set.inode()) : change.inode(set.inode())).id;
    requireNobodyWaits(set.kind(), inode, change);
    if (set.first() < 0 || set.last() < set.first() || set.ticket() < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (set.kind() == FileLock.Kind.FLOCK && (set.first() != 0 || set.last() != Long.MAX_VALUE)) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (type == null) {
      return unlock(set, inode, change);
    }
    FileLock lock =
        new FileLock(
            set.kind(), change.session(), set.owner(), set.first(), set.last(), type, set.pid());
    List<FileLock> held = FileLocks.held(change.tables(), set.kind(), inode);
    if (held.stream().anyMatch(lock::conflictsWith)) {
      return await(set, lock, inode, held, change);
    }
    FileLocks.Wait waited =
        FileLocks.findWait(change.tables(), set.kind(), inode, change.session(), set.ticket());
    if (waited == null) {
      requireRoom(held, inode, change, set.kind());
    } else {
      FileLocks.stopWaiting(change.write(), waited);
    }
    hold(change.write(), inode, lock, held);
    // What the owner had there may have been more: EXCLUSIVE, now SHARED.
    grant(change.write(), set.kind(), inode, change.effects());
    return Reply.OK;
  }

  /**
   * Who waits is granted a lock by entries of other sessions too, whoever has a lease of the inode.
   * That somebody begins to wait, though, takes a lease, or it is done in the log; so while one is
   * held and nobody waits, the session's own operations alone say what the session has there.
   */
  private static void requireNobodyWaits(FileLock.Kind kind, InodeId inode, Change change)
      throws ErrnoException {
    if (change.isAhead() && !FileLocks.waiting(change.tables(), kind, inode).isEmpty()) {
      change.requireInLog();
    }
  }

  private static void requireRoom(
      List<FileLock> held, InodeId inode, Change change, FileLock.Kind kind) throws ErrnoException {
    int waiting = FileLocks.waiting(change.tables(), kind, inode).size();
    if (held.size() + waiting >= LOCKS_MAX
        || FileLocks.countOf(change.tables(), change.session()) >= SESSION_LOCKS_MAX) {
      change.requireInLog();
      throw new ErrnoException(Errno.ENOLCK);
    }
  }

  private static Reply unlock(Operation.SetLock set, InodeId inode, Change change)
      throws ErrnoException {
    List<FileLock> held = FileLocks.held(change.tables(), set.kind(), inode);
    List<FileLock> own =
        held.stream()
            .filter(lock -> lock.hasOwner(change.session(), set.owner()))
            .filter(lock -> lock.first() <= set.last() && set.first() <= lock.last())
            .toList();
    if (own.stream().anyMatch(lock -> lock.first() < set.first() && lock.last() > set.last())) {
      requireRoom(held, inode, change, set.kind());
    }
    own.forEach(lock -> cut(change.write(), inode, lock, set.first(), set.last()));
    if (!own.isEmpty()) {
      grant(change.write(), set.kind(), inode, change.effects());
    }
    return Reply.OK;
  }

  private static Reply await(
      Operation.SetLock set, FileLock lock, InodeId inode, List<FileLock> held, Change change)
      throws ErrnoException {
    // What is in the way may have gone in the log, and its owner may have said so.
    change.requireInLog();
    if (set.ticket() == 0) {
      throw new ErrnoException(Errno.EAGAIN);
    }
    if (FileLocks.findWait(change.tables(), set.kind(), inode, change.session(), set.ticket())
        != null) {
      return Operation.SetLock.WAITS; // asked for again
    }
    requireRoom(held, inode, change, set.kind());
    if (set.kind() == FileLock.Kind.POSIX && isDeadlock(lock, held, change.tables())) {
      throw new ErrnoException(Errno.EDEADLK);
    }
    FileLocks.await(change.write(), inode, lock, set.ticket());
    if (set.kind() == FileLock.Kind.FLOCK) {
      // Two that hold it shared and want it alone would wait for each other: the first goes, as
      // flock(2) says.
      held.stream()
          .filter(each -> each.hasOwner(lock.session(), lock.owner()))
          .forEach(each -> FileLocks.giveUp(change.write(), inode, each));
      grant(change.write(), set.kind(), inode, change.effects());
    }
    return Operation.SetLock.WAITS;
  }

  /**
   * Whether somebody whom the lock would wait for waits for its owner already. Not found among too
   * many, as on Linux: then they wait for each other until one gives up.
   */
  private static boolean isDeadlock(FileLock lock, List<FileLock> held, ReadStore tables) {
    Owner asker = Owner.of(lock);
    Set<Owner> seen = new HashSet<>();
    Deque<Owner> next = new ArrayDeque<>();
    blockers(lock, held, seen, next);
    int looks = held.size();
    while (!next.isEmpty() && looks < LOOKS_MAX) {
      Owner owner = next.remove();
      if (owner.equals(asker)) {
        return true;
      }
      for (FileLocks.Wait wait : FileLocks.waitsOf(tables, owner.session(), owner.number())) {
        List<FileLock> there = FileLocks.held(tables, FileLock.Kind.POSIX, wait.inode());
        blockers(wait.lock(), there, seen, next);
        looks += there.size();
      }
    }
    return false;
  }

  private static void blockers(
      FileLock lock, List<FileLock> held, Set<Owner> seen, Deque<Owner> next) {
    for (FileLock each : held) {
      if (lock.conflictsWith(each) && seen.add(Owner.of(each))) {
        next.add(Owner.of(each));
      }
    }
  }

  /** Takes a lock for which there is room, in the place of what its owner has in the range. */
  private static void hold(Store store, InodeId inode, FileLock lock, List<FileLock> held) {
    long first = lock.first();
    long last = lock.last();
    for (FileLock each : held) {
      if (!each.hasOwner(lock.session(), lock.owner())) {
        continue;
      }
      if (each.type() == lock.type() && isBeside(each, lock)) {
        FileLocks.giveUp(store, inode, each);
        first = Math.min(first, each.first());
        last = Math.max(last, each.last());
      } else if (each.overlaps(lock)) {
        cut(store, inode, each, lock.first(), lock.last());
      }
    }
    FileLocks.hold(store, inode, lock.of(first, last));
  }

  /** Whether two ranges overlap, or one ends where the other begins. */
  private static boolean isBeside(FileLock one, FileLock other) {
    return (one.last() == Long.MAX_VALUE || other.first() <= one.last() + 1)
        && (other.last() == Long.MAX_VALUE || one.first() <= other.last() + 1);
  }

  /** Leaves of a lock what is outside of a range. */
  private static void cut(Store store, InodeId inode, FileLock lock, long first, long last) {
    FileLocks.giveUp(store, inode, lock);
    if (lock.first() < first) {
      FileLocks.hold(store, inode, lock.of(lock.first(), first - 1));
    }
    if (lock.last() > last) {
      FileLocks.hold(store, inode, lock.of(last + 1, lock.last()));
    }
  }

  /** Gives those that wait what they can have by now, in their order. */
  private static void grant(Store store, FileLock.Kind kind, InodeId inode, LocalEffects effects) {
    boolean again = true;
    while (again) {
      // What is granted may take its owner's own lock down, which another may wait for.
      again = grantOnce(store, kind, inode, effects);
    }
  }

  private static boolean grantOnce(
      Store store, FileLock.Kind kind, InodeId inode, LocalEffects effects) {
    boolean any = false;
    List<FileLock> held = FileLocks.held(store, kind, inode);
    for (FileLocks.Wait wait : FileLocks.waiting(store, kind, inode)) {
      if (held.stream().noneMatch(wait.lock()::conflictsWith)) {
        FileLocks.stopWaiting(store, wait);
        hold(store, inode, wait.lock(), held);
        if (held.stream().anyMatch(lock -> isOfOwner(lock, wait.lock()))) {
          held = FileLocks.held(store, kind, inode); // joined with it, or in its place
        } else {
          held.add(wait.lock());
        }
        effects.lockGranted(wait.lock().session(), wait.ticket());
        any = true;
      }
    }
    return any;
  }

  private static boolean isOfOwner(FileLock lock, FileLock other) {
    return lock.hasOwner(other.session(), other.owner());
  }

  /** No error if nobody waits by this number: then it was granted, or given up before. */
  static Reply cancel(Operation.CancelLock cancel, Change change) {
    FileLocks.Wait wait =
        FileLocks.findWait(
            change.tables(), cancel.kind(), cancel.inode(), change.session(), cancel.ticket());
    if (wait != null) {
      FileLocks.stopWaiting(change.write(), wait);
      return Operation.CancelLock.GIVEN_UP;
    }
    return Reply.OK;
  }

  /** The end of a session: others get what it had. */
  static void sessionEnded(SessionId session, Store store, LocalEffects effects) {
    for (InodeId inode : FileLocks.inodesOf(store, session)) {
      for (FileLock.Kind kind : FileLock.Kind.values()) {
        for (FileLocks.Wait wait : FileLocks.waiting(store, kind, inode)) {
          if (wait.lock().session().equals(session)) {
            FileLocks.stopWaiting(store, wait);
          }
        }
        List<FileLock> own = new ArrayList<>(FileLocks.held(store, kind, inode));
        own.removeIf(lock -> !lock.session().equals(session));
        own.forEach(lock -> FileLocks.giveUp(store, inode, lock));
        grant(store, kind, inode, effects);
      }
    }
  }

  /** An inode goes: nobody has it open any more, so that what is left is of nobody. */
  static void inodeGone(InodeId inode, Store store) {
    for (FileLock.Kind kind : FileLock.Kind.values()) {
      for (FileLocks.Wait wait : FileLocks.waiting(store, kind, inode)) {
        FileLocks.stopWaiting(store, wait);
      }
      for (FileLock lock : FileLocks.held(store, kind, inode)) {
        FileLocks.giveUp(store, inode, lock);
      }
    }
  }
}
