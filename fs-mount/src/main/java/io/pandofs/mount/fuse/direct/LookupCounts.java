package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * How often the kernel was given each inode and has not forgotten it: above zero it may still ask
 * by that number, and may have it in its caches. Never allocates but to grow. Thread-safe.
 */
final class LookupCounts {

  private static final int STRIPES = 16;

  private final Stripe[] stripes = new Stripe[STRIPES];

  LookupCounts() {
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe();
    }
  }

  private static long mix(long node) {
    long mixed = node * 0x9E3779B97F4A7C15L;
    return mixed ^ mixed >>> 32;
  }

  private Stripe stripe(long node) {
    return stripes[(int) (mix(node) >>> 58) % STRIPES];
  }

  /** Once more, for an answer that gives the kernel this inode. */
  void add(long node) {
    stripe(node).add(node);
  }

  /** The kernel forgets it so many times over. */
  void forget(long node, long lookups) {
    stripe(node).forget(node, lookups);
  }

  /** The count; 0 for what the kernel does not know. */
  long of(long node) {
    return stripe(node).of(node);
  }

  /** Inodes that the kernel knows. */
  long inodes() {
    long inodes = 0;
    for (Stripe stripe : stripes) {
      inodes += stripe.size();
    }
    return inodes;
  }

  /** A table with open addressing; 0 is no inode's number. */
  private static final class Stripe {

    private static final int CAPACITY_LEAST = 64;

    @GuardedBy("this")
    private long[] nodes = new long[CAPACITY_LEAST];

    @GuardedBy("this")
    private long[] counts = new long[CAPACITY_LEAST];

    @GuardedBy("this")
    private int size;

    /** Where the node is, or the free place where it would be. */
    @GuardedBy("this")
    private int place(long node) {
      int mask = nodes.length - 1;
      int at = (int) mix(node) & mask;
      while (nodes[at] != 0 && nodes[at] != node) {
        at = at + 1 & mask;
      }
      return at;
    }

    synchronized void add(long node) {
      int at = place(node);
      if (nodes[at] == 0) {
        if (2 * (size + 1) > nodes.length) {
          resize(2 * nodes.length);
          at = place(node);
        }
        nodes[at] = node;
        size++;
      }
      counts[at]++;
    }

    synchronized void forget(long node, long lookups) {
      int at = place(node);
      if (nodes[at] == 0) {
        return;
      }
      counts[at] -= lookups;
      if (counts[at] <= 0) {
        remove(at);
        if (nodes.length > CAPACITY_LEAST && 8 * size < nodes.length) {
          resize(nodes.length / 2);
        }
      }
    }

    synchronized long of(long node) {
      int at = place(node);
      return nodes[at] == 0 ? 0 : counts[at];
    }

    synchronized int size() {
      return size;
    }

    /** Closes the gap, so that whoever looks for what lies behind it does not stop there. */
    @GuardedBy("this")
    private void remove(int at) {
      int mask = nodes.length - 1;
      int gap = at;
      int next = at;
      while (true) {
        next = next + 1 & mask;
        if (nodes[next] == 0) {
          break;
        }
        int home = (int) mix(nodes[next]) & mask;
        if ((next - home & mask) >= (next - gap & mask)) {
          nodes[gap] = nodes[next];
          counts[gap] = counts[next];
          gap = next;
        }
      }
      nodes[gap] = 0;
      counts[gap] = 0;
      size--;
    }

    @GuardedBy("this")
    private void resize(int capacity) {
      long[] oldNodes = nodes;
      long[] oldCounts = counts;
      nodes = new long[capacity];
      counts = new long[capacity];
      for (int i = 0; i < oldNodes.length; i++) {
        if (oldNodes[i] != 0) {
          int at = place(oldNodes[i]);
          nodes[at] = oldNodes[i];
          counts[at] = oldCounts[i];
        }
      }
    }
  }
}
