package io.pandofs.mount.fuse.jnr;

import io.pandofs.meta.Attributes;
import org.jspecify.annotations.Nullable;

/**
 * What a thread's last mknod, mkdir, symlink or link has made. The kernel wants the new entry's
 * attributes in the same answer, and libfuse asks for them by a getattr of the path right after, in
 * the same thread. By then another mount may have removed the entry or put something else there:
 * the program would be told that its mkdir failed (ENOENT, or EIO when the type differs), though it
 * did not. So that one getattr is answered with what was made.
 */
final class MadeEntry {

  private record Entry(String path, Attributes attributes) {}

  /** A thread of libfuse serves one mount only. */
  private static final ThreadLocal<@Nullable Entry> LAST = new ThreadLocal<>();

  private MadeEntry() {}

  static void put(String path, Attributes attributes) {
    LAST.set(new Entry(path, attributes));
  }

  /** The attributes of what this thread has just made at this path; given out once. */
  static @Nullable Attributes take(String path) {
    Entry entry = LAST.get();
    if (entry == null) {
      return null;
    }
    LAST.remove();
    return entry.path().equals(path) ? entry.attributes() : null;
  }
}
