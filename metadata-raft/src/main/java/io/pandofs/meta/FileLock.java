package io.pandofs.meta;

import io.pandofs.common.SessionId;

/**
 * A lock of a range of a file, held by an owner on one of the mounts, as flock(2) and fcntl(2) have
 * it.
 *
 * @param session of the mount
 * @param owner what the mount's kernel knows the holder by: an open file, or a process's files
 * @param first byte of the range
 * @param last byte of the range, which is in it; {@code Long.MAX_VALUE}: to the end, wherever that
 *     comes to be
 * @param pid of the process that asked for it, as its own machine counts them; says who, and no
 *     more
 */
public record FileLock(
    Kind kind, SessionId session, long owner, long first, long last, Type type, int pid) {

  /** Two kinds of locks, which know nothing of each other. */
  public enum Kind {
    /** flock(2): of an open file, always of all of it. */
    FLOCK,
    /** fcntl(2): of a process, or of an open file description, and a range. */
    POSIX
  }

  /** What others may have at the same time. */
  public enum Type {
    SHARED,
    EXCLUSIVE
  }

  public FileLock {
    if (first < 0 || last < first) {
      throw new IllegalArgumentException("not a range: " + first + " to " + last);
    }
  }

  public boolean hasOwner(SessionId otherSession, long otherOwner) {
    return owner == otherOwner && session.equals(otherSession);
  }

  public boolean overlaps(FileLock other) {
    return first <= other.last && other.first <= last;
  }

  /** Whether not both can be held; of locks of one kind and file. */
  public boolean conflictsWith(FileLock other) {
    return (type == Type.EXCLUSIVE || other.type == Type.EXCLUSIVE)
        && overlaps(other)
        && !hasOwner(other.session, other.owner);
  }

  /** The same of another range. */
  public FileLock of(long newFirst, long newLast) {
    return new FileLock(kind, session, owner, newFirst, newLast, type, pid);
  }

  /** The same, but for who asked for it. */
  public FileLock withoutPid() {
    return new FileLock(kind, session, owner, first, last, type, 0);
  }
}
