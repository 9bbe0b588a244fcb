package io.pandofs.tests.nemesis;

import io.pandofs.common.FileName;
import io.pandofs.meta.Extent;
import io.pandofs.meta.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which calls of {@code longcut.py} are among the operations of a log. */
final class LoggedCalls {
  private final Set<String> names = new HashSet<>();
  private final Map<Long, List<Extent>> written = new HashMap<>();

  private LoggedCalls() {}

  static LoggedCalls of(List<Operation> operations) {
    LoggedCalls calls = new LoggedCalls();
    operations.forEach(calls::add);
    return calls;
  }

  private void add(Operation operation) {
    if (operation instanceof Operation.Create create) {
      add("create", create.name());
    } else if (operation instanceof Operation.Link link) {
      add("link", link.name());
    } else if (operation instanceof Operation.Rename rename) {
      add("rename", rename.newName());
    } else if (operation instanceof Operation.RemoveDirectory remove) {
      add("rmdir", remove.name());
    } else if (operation instanceof Operation.Write write) {
      written
          .computeIfAbsent(write.inode().value(), inode -> new ArrayList<>())
          .addAll(write.extents());
    }
  }

  private void add(String kind, FileName name) {
    names.add(kind + " " + name);
  }

  /**
   * Whether a call is there.
   *
   * @param begin the words of the line that says that it began: B, its number, and of an append the
   *     inode and the offset
   */
  boolean contains(String kind, String[] begin) {
    if (begin.length < 4) {
      return names.contains(kind + " " + kind + begin[1]);
    }
    long offset = Long.parseLong(begin[3]);
    return written.getOrDefault(Long.valueOf(begin[2]), List.of()).stream()
        .anyMatch(extent -> extent.offset() <= offset && offset < extent.end());
  }
}
