package io.pandofs.mount.fuse.jnr;

import io.pandofs.meta.Attributes;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What create, mknod, mkdir, symlink and link have just made. The kernel wants the new entry's
 * attributes in the same answer, and libfuse asks for them by a getattr of the path right after, in
 * the same thread. By then another mount may have removed the entry or put something else there:
 * the program would be told that its mkdir failed (ENOENT, or EIO when the type differs), though it
 * did not. So that one getattr is answered with what was made. Thread-safe.
 */
final class MadeEntries {

  private record Entry(String path, Attributes attributes) {}

  /** By threads of libfuse, each with one entry for a moment. */
  private final Map<Long, Entry> byThread = new ConcurrentHashMap<>();

  private final LongSupplier thread;

  /**
   * @param thread what identifies the calling thread of libfuse. Its {@link Thread} does not: the
   *     JVM may know the same one by another at the next callback
   */
  MadeEntries(LongSupplier thread) {
    this.thread = thread;
  }

  void put(String path, Attributes attributes) {
    byThread.put(thread.getAsLong(), new Entry(path, attributes));
  }

  /** The attributes of what this thread has just made at this path; given out once. */
  @Nullable Attributes take(String path) {
    if (byThread.isEmpty()) {
      return null;
    }
    Entry entry = byThread.remove(thread.getAsLong());
    return entry != null && entry.path().equals(path) ? entry.attributes() : null;
  }
}
