package io.pandofs.meta.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * An immutable ordered map of byte keys: a treap (Seidel and Aragon, 1996) whose priorities are
 * hashes of the keys, so that its shape depends on its content only. A change costs a path of new
 * nodes; the tree before it stays as it was.
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content, never by equals
record RowTree(
    byte[] key, byte[] value, int priority, @Nullable RowTree left, @Nullable RowTree right) {

  static RowTree put(@Nullable RowTree tree, byte[] key, byte[] value) {
    if (tree == null) {
      return new RowTree(key, value, priority(key), null, null);
    }
    int order = Arrays.compareUnsigned(key, tree.key);
    if (order == 0) {
      return new RowTree(key, value, tree.priority, tree.left, tree.right);
    }
    if (order < 0) {
      RowTree child = put(tree.left, key, value);
      return child.priority > tree.priority
          ? child.withChildren(child.left, tree.withChildren(child.right, tree.right))
          : tree.withChildren(child, tree.right);
    }
    RowTree child = put(tree.right, key, value);
    return child.priority > tree.priority
        ? child.withChildren(tree.withChildren(tree.left, child.left), child.right)
        : tree.withChildren(tree.left, child);
  }

  static @Nullable RowTree delete(@Nullable RowTree tree, byte[] key) {
    if (tree == null) {
      return null;
    }
    int order = Arrays.compareUnsigned(key, tree.key);
    if (order == 0) {
      return merge(tree.left, tree.right);
    }
    return order < 0
        ? tree.withChildren(delete(tree.left, key), tree.right)
        : tree.withChildren(tree.left, delete(tree.right, key));
  }

  static @Nullable RowTree find(@Nullable RowTree tree, byte[] key) {
    RowTree floor = floor(tree, key);
    return floor != null && Arrays.equals(floor.key, key) ? floor : null;
  }

  static @Nullable RowTree floor(@Nullable RowTree tree, byte[] key) {
    RowTree best = null;
    RowTree at = tree;
    while (at != null) {
      if (Arrays.compareUnsigned(at.key, key) <= 0) {
        best = at;
        at = at.right;
      } else {
        at = at.left;
      }
    }
    return best;
  }

  private static @Nullable RowTree merge(@Nullable RowTree left, @Nullable RowTree right) {
    if (left == null) {
      return right;
    }
    if (right == null) {
      return left;
    }
    return left.priority > right.priority
        ? left.withChildren(left.left, merge(left.right, right))
        : right.withChildren(merge(left, right.left), right.right);
  }

  private RowTree withChildren(@Nullable RowTree newLeft, @Nullable RowTree newRight) {
    return new RowTree(key, value, priority, newLeft, newRight);
  }

  private static int priority(byte[] key) {
    int hash = Arrays.hashCode(key) * 0x9e3779b1;
    hash = (hash ^ (hash >>> 15)) * 0x85ebca6b;
    return hash ^ (hash >>> 13);
  }

  /** A walk over {@code from <= key < to}. */
  static final class Walk implements ReadStore.Cursor {
    private final Deque<RowTree> ahead = new ArrayDeque<>();
    private final byte @Nullable [] to;
    private @Nullable RowTree present;

    Walk(@Nullable RowTree tree, byte[] from, byte @Nullable [] to) {
      this.to = to;
      RowTree at = tree;
      while (at != null) {
        if (Arrays.compareUnsigned(at.key, from) >= 0) {
          ahead.push(at);
          at = at.left;
        } else {
          at = at.right;
        }
      }
    }

    @Override
    public boolean next() {
      RowTree next = ahead.poll();
      if (next == null || (to != null && Arrays.compareUnsigned(next.key, to) >= 0)) {
        present = null;
        ahead.clear();
        return false;
      }
      for (RowTree at = next.right; at != null; at = at.left) {
        ahead.push(at);
      }
      present = next;
      return true;
    }

    @Override
    public byte[] key() {
      return present().key;
    }

    @Override
    public byte[] value() {
      return present().value;
    }

    @Override
    public void close() {
      present = null;
      ahead.clear();
    }

    private RowTree present() {
      if (present == null) {
        throw new IllegalStateException("the cursor stands on no row");
      }
      return present;
    }
  }
}
