package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.meta.FileType;
import java.util.Arrays;

/**
 * The part of {@link TableCheck} that compares names with inodes: for a run of inodes at a time,
 * all names are counted that lead to one of them or stand in one of them.
 */
final class NameCheck {
  private static final int DEPTH_MAX = 1 << 16;

  private final ReadStore tables;
  private final TableCheck check;

  // The present run: inodes in order of number, and what was counted for each.
  private final long[] numbers;
  private final long[] parents;
  private final FileType[] types;
  private final int[] links;
  private final int[] names;
  private final int[] subdirectories;
  private final int[] entries;
  private int size;

  NameCheck(ReadStore tables, TableCheck check) {
    this.tables = tables;
    this.check = check;
    int run = check.run();
    numbers = new long[run];
    parents = new long[run];
    types = new FileType[run];
    links = new int[run];
    names = new int[run];
    subdirectories = new int[run];
    entries = new int[run];
  }

  void run() {
    slots();
    long after = 0;
    boolean isLast;
    do {
      load(after);
      isLast = size < numbers.length;
      long upTo = isLast ? Long.MAX_VALUE : numbers[size - 1];
      countNames(after, upTo);
      for (int i = 0; i < size; i++) {
        check.countInode();
        judge(i);
      }
      after = upTo;
    } while (!isLast);
    if (Inode.find(tables, InodeId.ROOT.value()) == null) {
      check.found(TableProblem.UNREACHABLE, "there is no root directory");
    }
  }

  /** In the first slot of a hash stands something if and only if a name of the hash does. */
  private void slots() {
    long directory = -1;
    long first = -1;
    boolean isNobody = false;
    try (ReadStore.Cursor rows = tables.scan(Table.DENTRIES, Keys.of(0), null)) {
      while (rows.next()) {
        long slot = Keys.second(rows.key());
        boolean isOther = Keys.first(rows.key()) == directory && Dentries.firstSlot(slot) == first;
        if (!isOther) {
          judgeNobody(isNobody, directory);
          directory = Keys.first(rows.key());
          first = Dentries.firstSlot(slot);
        }
        Dentries.Dentry dentry = Dentries.decode(rows.key(), rows.value());
        if (dentry != null && !isOther && slot != first) {
          check.found(TableProblem.WRONG_SLOT, told(directory, dentry) + " is not found there");
        }
        isNobody = dentry == null;
      }
    }
    judgeNobody(isNobody, directory);
  }

  private void judgeNobody(boolean isNobody, long directory) {
    if (isNobody) {
      check.found(
          TableProblem.WRONG_SLOT, "a slot in directory " + directory + " is kept for no name");
    }
  }

  private void load(long after) {
    size = 0;
    Arrays.fill(names, 0);
    Arrays.fill(subdirectories, 0);
    Arrays.fill(entries, 0);
    try (ReadStore.Cursor rows = tables.scan(Table.INODES, Keys.of(after + 1), null)) {
      while (size < numbers.length && rows.next()) {
        Inode inode = Inode.decode(Keys.first(rows.key()), rows.value());
        check.judgeLease(inode);
        numbers[size] = inode.id.value();
        parents[size] = inode.parent;
        types[size] = inode.type;
        links[size] = inode.links;
        size++;
      }
    }
  }

  private void countNames(long after, long upTo) {
    try (ReadStore.Cursor rows = tables.scan(Table.DENTRIES, Keys.of(0), null)) {
      while (rows.next()) {
        long directory = Keys.first(rows.key());
        Dentries.Dentry dentry = Dentries.decode(rows.key(), rows.value());
        if (dentry == null) {
          continue;
        }
        long target = dentry.inode().value();
        if (target > after && target <= upTo) {
          countTarget(directory, dentry);
        }
        if (directory > after && directory <= upTo) {
          countEntry(directory, dentry);
        }
      }
    }
  }

  private int find(long number) {
    return Arrays.binarySearch(numbers, 0, size, number);
  }

  private void countTarget(long directory, Dentries.Dentry dentry) {
    int i = find(dentry.inode().value());
    if (i < 0) {
      check.found(TableProblem.NAME_OF_NOTHING, told(directory, dentry) + " does not exist");
      return;
    }
    names[i]++;
    if (types[i] != dentry.type()) {
      check.found(TableProblem.WRONG_TYPE, told(directory, dentry) + " is of another type");
    } else if (parents[i] != directory && (parents[i] != 0 || types[i] == FileType.DIRECTORY)) {
      check.found(
          TableProblem.WRONG_PARENT, told(directory, dentry) + " says it is in " + parents[i]);
    }
  }

  private void countEntry(long directory, Dentries.Dentry dentry) {
    int i = find(directory);
    if (i < 0 || types[i] != FileType.DIRECTORY) {
      check.found(
          TableProblem.NAME_IN_NO_DIRECTORY, told(directory, dentry) + " is in no directory");
      return;
    }
    entries[i]++;
    if (dentry.type() == FileType.DIRECTORY) {
      subdirectories[i]++;
    }
  }

  private static String told(long directory, Dentries.Dentry dentry) {
    return "inode "
        + dentry.inode().value()
        + ", named "
        + dentry.name()
        + " in "
        + directory
        + ",";
  }

  private void judge(int i) {
    boolean isRoot = numbers[i] == InodeId.ROOT.value();
    boolean oneName = links[i] == 1 || types[i] == FileType.DIRECTORY;
    if (!oneName && parents[i] != 0) {
      check.found(
          TableProblem.WRONG_PARENT,
          "inode " + numbers[i] + " has no name or several and says it is in " + parents[i]);
    }
    if (links[i] == 0) {
      judgeOrphan(i);
    } else if (names[i] == 0 && !isRoot) {
      check.found(TableProblem.UNREACHABLE, "inode " + numbers[i] + " has links and no name");
    } else if (types[i] == FileType.DIRECTORY) {
      int expected = 2 + subdirectories[i];
      if (links[i] != expected || names[i] != (isRoot ? 0 : 1)) {
        wrongLinks(i, expected);
      }
      if (!isRoot && !leadsToRoot(parents[i])) {
        check.found(
            TableProblem.UNREACHABLE, "directory " + numbers[i] + " does not lead to the root");
      }
    } else if (links[i] != names[i]) {
      wrongLinks(i, names[i]);
    }
  }

  private void judgeOrphan(int i) {
    if (names[i] != 0 || entries[i] != 0) {
      wrongLinks(i, names[i]);
    } else if (!Orphans.has(tables, new InodeId(numbers[i]))) {
      check.found(
          TableProblem.WRONG_ORPHAN, "inode " + numbers[i] + " has no link and is no orphan");
    }
  }

  private void wrongLinks(int i, int expected) {
    check.found(
        TableProblem.WRONG_LINKS,
        "inode "
            + numbers[i]
            + " has "
            + links[i]
            + " links and "
            + names[i]
            + " names; its links should be "
            + expected);
  }

  private boolean leadsToRoot(long from) {
    long at = from;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
      if (at == InodeId.ROOT.value()) {
        return true;
      }
      Inode inode = at > 0 ? Inode.find(tables, at) : null;
      if (inode == null || !inode.isDirectory() || inode.links == 0) {
        return false;
      }
      at = inode.parent;
    }
    return false;
  }
}
