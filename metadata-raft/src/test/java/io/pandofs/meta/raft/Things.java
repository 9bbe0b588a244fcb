package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.MetadataView;

/** What is looked at in a simulation: names in the root directory, and its mtime. */
final class Things {
  static final String ROOT_MODIFIED = "(modified)";

  private Things() {}

  static FileName name(String text) {
    return FileName.ofText(text);
  }

  /** What a view shows of a thing. */
  static String show(MetadataView view, String thing) throws ErrnoException {
    if (thing.equals(ROOT_MODIFIED)) {
      return view.attributes(InodeId.ROOT).modified().toString();
    }
    try {
      return view.lookup(InodeId.ROOT, name(thing)).inode().toString();
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return "nothing";
      }
      throw e;
    }
  }
}
