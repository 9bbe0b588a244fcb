package io.pandofs.mount.vfs;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileLock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * flock(2), and the locks of fcntl(2), over all mounts. Owners are what the mount's kernel knows
 * them by. Thread-safe.
 */
public final class LockOperations {
  private final Sessions sessions;
  private final Coherence coherence;
  private final FileOperations files;
  private final Locks locks;

  LockOperations(Sessions sessions, Coherence coherence, FileOperations files, Locks locks) {
    this.sessions = sessions;
    this.coherence = coherence;
    this.files = files;
    this.locks = locks;
  }

  /** A lock that was asked for, and may have to be waited for. */
  public interface Asked {
    /**
     * Completes when it is there, or with an {@link ErrnoException}: EAGAIN, EDEADLK, EINTR after
     * {@link #giveUp}, ENOLCK, EIO. On a thread on which nothing may wait.
     */
    CompletableFuture<Void> done();

    /** Waits no more. Returns at once; it may have been granted by then. */
    void giveUp();
  }

  /**
   * A lock and whose it shall be.
   *
   * @param first byte of the range; 0 for FLOCK
   * @param last byte of the range, which is in it; {@code Long.MAX_VALUE}: to the end
   * @param type null: none
   * @param pid of who asks
   */
  public record Wanted(
      FileLock.Kind kind,
      long owner,
      long first,
      long last,
      FileLock.@Nullable Type type,
      int pid) {}

  /**
   * F_SETLK, F_SETLKW, flock(2). May wait for a session, but not for a lock.
   *
   * @param waits for locks of others; else EAGAIN
   * @throws ErrnoException EBADF; EIO if locks of the handle were lost with the mount's session
   */
  public Asked set(Caller caller, long handle, Wanted wanted, boolean waits) throws ErrnoException {
    return locks.ask(caller, files.handle(handle), wanted, waits);
  }

  /**
   * F_GETLK: a lock that stands in the way; null if there is none. Its pid is 0 if it is another
   * mount's: the number would be that of some process here. May wait for another mount's lease.
   *
   * @param wanted of a type, that is, no unlock
   */
  public @Nullable FileLock inTheWay(long handle, Wanted wanted) throws ErrnoException {
    FileLock.Type type = wanted.type();
    if (type == null) {
      return null;
    }
    SessionId own = sessions.current().id();
    FileLock lock =
        new FileLock(
            wanted.kind(), own, wanted.owner(), wanted.first(), wanted.last(), type, wanted.pid());
    InodeId inode = files.handle(handle).file().inode();
    FileLock found =
        coherence.look(view -> Optional.ofNullable(view.lockAgainst(inode, lock))).orElse(null);
    return found == null || found.session().equals(own) ? found : found.withoutPid();
  }
}
