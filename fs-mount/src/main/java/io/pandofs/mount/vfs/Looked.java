package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What names have meant of late. It is held like what is open: who opens a file gets the one that
 * its name meant a moment ago, as on a local disk, though it was replaced or removed since. Not for
 * longer: a kernel may remember an inode for days. Thread-safe.
 */
final class Looked {

  /** What was looked up is held for one to two of these. */
  private static final long GENERATION_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** More than that are not held for so long. */
  private static final int GENERATION_MAX = 1 << 16;

  private final Clock clock;

  @GuardedBy("this")
  private Set<InodeId> now = new HashSet<>();

  @GuardedBy("this")
  private Set<InodeId> before = new HashSet<>();

  @GuardedBy("this")
  private long sinceNanos;

  Looked(Clock clock) {
    this.clock = clock;
    this.sinceNanos = clock.nanoTime();
  }

  synchronized void add(InodeId inode) {
    age();
    now.add(inode);
  }

  synchronized boolean contains(InodeId inode) {
    age();
    return now.contains(inode) || before.contains(inode);
  }

  @GuardedBy("this")
  private void age() {
    long nanos = clock.nanoTime();
    long age = nanos - sinceNanos;
    if (age >= 2 * GENERATION_NANOS) {
      before = new HashSet<>();
      now = new HashSet<>();
      sinceNanos = nanos;
    } else if (age >= GENERATION_NANOS || now.size() >= GENERATION_MAX) {
      before = now;
      now = new HashSet<>();
      sinceNanos += Math.min(age, GENERATION_NANOS);
    }
  }
}
