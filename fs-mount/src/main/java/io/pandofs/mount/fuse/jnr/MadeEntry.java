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

  private final ThreadLocal<@Nullable Entry> last = new ThreadLocal<>();

  void put(String path, Attributes attributes) {
    last.set(new Entry(path, attributes));
  }

  /** The attributes of what this thread has just made at this path; given out once. */
  @Nullable Attributes take(String path) {
    Entry entry = last.get();
    if (entry == null) {
      return null;
    }
    last.remove();
    return entry.path().equals(path) ? entry.attributes() : null;
  }
}
