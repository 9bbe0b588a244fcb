package io.pandofs.mount.fuse.jnr;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.mount.vfs.Namespace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** From libfuse's paths to inodes: every component is looked up, all on one view. Thread-safe. */
final class Paths {

  /** What a byte that is not UTF-8 has become on its way through jnr-ffi. */
  private static final char REPLACEMENT = '\uFFFD';

  /** How often a path is resolved because what it led to was gone a moment later. */
  private static final int LOOKS_MAX = 8;

  private final Namespace namespace;

  Paths(Namespace namespace) {
    this.namespace = namespace;
  }

  /** A name and the directory it is in. */
  record Slot(InodeId parent, FileName name) {}

  /** What a call does with an inode. */
  @FunctionalInterface
  interface Use<T> {
    T of(InodeId inode) throws ErrnoException;
  }

  /**
   * Uses what a path leads to. Between the look and the use it may be replaced from another mount:
   * then the path means the new file, and a program has no business with ESTALE. (The kernel looks
   * a second time itself, which is not enough when it is replaced again.) But permission is what
   * the kernel has given for the first: only what it would judge alike is used instead.
   *
   * @param use answers ESTALE only if it has changed nothing that is there still
   * @throws ErrnoException what the use or the last look throws
   */
  <T> T on(String path, Use<T> use) throws ErrnoException {
    List<FileName> names = names(path);
    Attributes first = namespace.walkAsShown(names);
    Attributes found = first;
    for (int look = 1; ; look++) {
      try {
        return use.of(found.inode());
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ESTALE || look == LOOKS_MAX) {
          throw e;
        }
        found = namespace.walkAsShown(names);
        if (!isJudgedAlike(first, found)) {
          throw e;
        }
      }
    }
  }

  private static boolean isJudgedAlike(Attributes one, Attributes other) {
    return one.type() == other.type()
        && one.permissions() == other.permissions()
        && one.uid() == other.uid()
        && one.gid() == other.gid();
  }

  Attributes attributes(String path) throws ErrnoException {
    return namespace.walkAttributes(names(path));
  }

  Slot slot(String path) throws ErrnoException {
    List<FileName> names = names(path);
    if (names.isEmpty()) {
      throw new ErrnoException(Errno.EBUSY, "the root has no name");
    }
    int last = names.size() - 1;
    return new Slot(namespace.walk(names.subList(0, last)), names.get(last));
  }

  /**
   * The names of a path.
   *
   * @throws ErrnoException EINVAL for names that are not UTF-8: two of them could become one
   */
  static List<FileName> names(String path) throws ErrnoException {
    List<FileName> names = new ArrayList<>();
    int from = 0;
    while (from < path.length()) {
      int slash = path.indexOf('/', from);
      int to = slash < 0 ? path.length() : slash;
      if (to > from) {
        names.add(FileName.of(bytes(path.substring(from, to))));
      }
      from = to + 1;
    }
    return names;
  }

  static byte[] bytes(String text) throws ErrnoException {
    if (text.indexOf(REPLACEMENT) >= 0) {
      throw new ErrnoException(Errno.EINVAL, "not UTF-8");
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
