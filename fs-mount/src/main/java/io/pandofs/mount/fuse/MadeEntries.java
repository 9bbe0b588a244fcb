package io.pandofs.mount.fuse;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What threads have just made, for those who look at it once more before the program is told. By
 * then another mount may have removed it or put something else there, and the program would be told
 * that it was not made. There are two such looks:
 *
 * <ul>
 *   <li>libfuse asks for the attributes of the path, in the same thread of its own, after create,
 *       mknod, mkdir, symlink and link: the kernel wants them in the same answer.
 *   <li>The kernel asks for an inode's attributes after FUSE_CREATE, in the same thread of the
 *       program, to judge whether it may be opened (may_open in fs/namei.c; attributes that are
 *       kept for no time are asked for again). What it is told is what open(2) fails with; upon
 *       ESTALE it begins anew, and with O_EXCL meets what it made itself or what came after it.
 * </ul>
 *
 * <p>Each is the next look of its thread. Thread-safe.
 *
 * @param <K> what an entry is known by
 */
public final class MadeEntries<K> {

  /** A program that is killed does not look. Its thread's number is used again, but later. */
  private static final long AGE_MAX_NANOS = Duration.ofMinutes(2).toNanos();

  private static final int SWEEP_ABOVE = 256;

  private record Entry<K>(K entry, Attributes attributes, long madeAtNanos) {}

  private final Map<Long, Entry<K>> byThread = new ConcurrentHashMap<>();
  private final Clock clock;

  public MadeEntries(Clock clock) {
    this.clock = clock;
  }

  /**
   * The thread has made this.
   *
   * @param thread what identifies it among all that are at work; 0 if that is not known, as of one
   *     in a pid namespace that is not seen from here: nothing is remembered then
   */
  public void put(long thread, K entry, Attributes attributes) {
    if (thread == 0) {
      return;
    }
    byThread.put(thread, new Entry<>(entry, attributes, clock.nanoTime()));
    if (byThread.size() > SWEEP_ABOVE) {
      byThread.values().removeIf(this::isOld);
    }
  }

  private boolean isOld(Entry<K> made) {
    return clock.nanoTime() - made.madeAtNanos() > AGE_MAX_NANOS;
  }

  /** Looks at what is there now. */
  @FunctionalInterface
  public interface Look {
    Attributes now() throws ErrnoException;
  }

  /**
   * What was made, as it is: others may have opened it and written. Once it is gone, or something
   * else is in its place, as it was made.
   */
  public static Attributes orAsMade(Look look, Attributes made) throws ErrnoException {
    try {
      Attributes found = look.now();
      return found.inode().equals(made.inode()) ? found : made;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT && e.errno() != Errno.ESTALE) {
        throw e;
      }
      return made;
    }
  }

  /** Whether nothing was made that was not looked at. */
  public boolean isEmpty() {
    return byThread.isEmpty();
  }

  /**
   * The thread looks at this.
   *
   * @return the attributes of what it has made since its last look, if that is it
   */
  public @Nullable Attributes take(long thread, K entry) {
    Entry<K> made = byThread.remove(thread);
    return made != null && made.entry().equals(entry) && !isOld(made) ? made.attributes() : null;
  }
}
