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

  private final Namespace namespace;

  Paths(Namespace namespace) {
    this.namespace = namespace;
  }

  /** A name and the directory it is in. */
  record Slot(InodeId parent, FileName name) {}

  InodeId inode(String path) throws ErrnoException {
    return namespace.walk(names(path));
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
