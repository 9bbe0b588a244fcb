package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Waits;
import io.pandofs.meta.FileLock;
import io.pandofs.mount.fuse.direct.Protocol.Lock;
import io.pandofs.mount.vfs.LockOperations;
import io.pandofs.mount.vfs.LockOperations.Asked;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Requests about locks. Thread-safe; one that waits for a lock is answered later. */
final class LockRequests {
  private final LockOperations locks;

  LockRequests(LockOperations locks) {
    this.locks = locks;
  }

  /** FUSE_GETLK. */
  void get(Request in, Reply out) throws ErrnoException {
    LockOperations.Wanted wanted = wanted(in);
    FileLock found = locks.inTheWay(in.int64(Lock.HANDLE), wanted);
    if (found == null) {
      out.int64(wanted.first()).int64(wanted.last()).int32(Lock.NONE).int32(0);
      return;
    }
    out.int64(found.first()).int64(found.last());
    out.int32(found.type() == FileLock.Type.SHARED ? Lock.SHARED : Lock.EXCLUSIVE);
    out.int32(found.pid());
  }

  /** FUSE_SETLK. */
  void set(Request in) throws ErrnoException {
    of(locks.set(in.caller(), in.int64(Lock.HANDLE), wanted(in), false));
  }

  /**
   * FUSE_SETLKW.
   *
   * @return false if it waits, and {@code calls} has been told to answer it later
   */
  boolean setOrWait(Request in, Calls calls) throws ErrnoException {
    Asked asked = locks.set(in.caller(), in.int64(Lock.HANDLE), wanted(in), true);
    if (asked.done().isDone()) {
      of(asked);
      return true;
    }
    calls.later(in, asked);
    return false;
  }

  /** Waits for the answer to who does not wait for a lock. */
  private static void of(Asked asked) throws ErrnoException {
    CompletableFuture<@Nullable ErrnoException> outcome =
        asked.done().handle((done, failure) -> failure == null ? null : errno(failure));
    ErrnoException failure = Waits.of(outcome);
    if (failure != null) {
      throw failure;
    }
  }

  /** Why a lock was not given. */
  static ErrnoException errno(Throwable failure) {
    return failure instanceof ErrnoException known
        ? known
        : new ErrnoException(Errno.EIO, failure.toString());
  }

  private static LockOperations.Wanted wanted(Request in) {
    in.needs(Lock.BYTES);
    boolean whole = (in.int32(Lock.FLAGS) & Lock.FLOCK) != 0;
    FileLock.Type type =
        switch (in.int32(Lock.TYPE)) {
          case Lock.SHARED -> FileLock.Type.SHARED;
          case Lock.EXCLUSIVE -> FileLock.Type.EXCLUSIVE;
          case Lock.NONE -> null;
          default -> throw new MalformedRequestException("lock type " + in.int32(Lock.TYPE));
        };
    long first = in.int64(Lock.FIRST);
    long last = in.int64(Lock.LAST);
    if (first < 0 || last < first) {
      throw new MalformedRequestException("a lock from " + first + " to " + last);
    }
    return new LockOperations.Wanted(
        whole ? FileLock.Kind.FLOCK : FileLock.Kind.POSIX,
        in.int64(Lock.OWNER),
        whole ? 0 : first,
        whole ? Long.MAX_VALUE : last,
        type,
        in.int32(Lock.PID));
  }
}
