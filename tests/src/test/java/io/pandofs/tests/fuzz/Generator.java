package io.pandofs.tests.fuzz;

import io.pandofs.tests.agent.Answer;
import io.pandofs.tests.fuzz.Names.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Draws operations from a seed: few names, few directories, several descriptors on one file,
 * offsets near the boundaries of pages, requests and blocks, so that operations meet often. Learns
 * from the reference what exists. Where there are several mounts each operation is for one of them;
 * how often it is another one than before is a matter of the seed, as it is with people.
 */
final class Generator {
  /** Of all mounts together. */
  private static final int SLOTS = 6;

  /** How many operations a mount has at a time, at the mean. */
  private static final List<Integer> STAYS = List.of(1, 1, 4, 16);

  /**
   * 240:77, a number for local use that no driver has: a node of it may be made and never opened.
   */
  private static final int NO_DEVICE = 240 << 8 | 77;

  private static final List<String> FILE_MODES =
      List.of("0644", "0600", "0755", "0", "0444", "04755", "02755", "02644", "06777", "01666");
  private static final List<String> DIR_MODES =
      List.of("0755", "0700", "0777", "01777", "02777", "02755", "0555", "0", "07777");
  private static final List<String> OWNERS = List.of("0", "1000", "1001", "-1");
  private static final List<String> TIMES =
      List.of("now", "omit", "0.0", "1.999999999", "1234567890.123456789");
  private static final List<String> XATTRS =
      List.of("user.a", "user.b", "user.%C3%BC", "user.a", "nospace", "user.");
  private static final List<String> ACLS = List.of("access", "default");
  private static final List<String> TARGETS =
      List.of("a", "b", "a/b", "./c", "../a", "../b/c", "d/e/a", "missing", "t".repeat(300));
  private static final long[] EDGES = {
    0, 1, 512, 4096, 8192, 65536, 131072, 262144, 1 << 20, 4 << 20
  };
  private static final long[] FAR = {1L << 31, 1L << 32, (1L << 32) + 65536, 1L << 40, 1L << 43};

  private final int mounts;
  private final int stay;
  private final Random random;
  private final Names names;
  private final List<Supplier<String>> drawers = new ArrayList<>();
  private final List<String> queued = new ArrayList<>();
  private int mount = 1;

  Generator(long seed, int mounts) {
    this.mounts = mounts;
    random = new Random(seed);
    stay = mounts == 1 ? 1 : pick(STAYS);
    names = new Names(random);
    descriptorOperations();
    nameOperations();
    attributeOperations();
    if (random.nextBoolean()) {
      queued.add("chmod . 01777");
    }
  }

  /** The next operation: a {@link Call} as text, its line in the agent's language. */
  String next() {
    if (random.nextInt(stay) == 0) {
      mount = mount();
    }
    String line = line();
    return Call.names(line) ? line : new Call(mount, line).text();
  }

  private int mount() {
    return mounts == 1 ? 1 : 1 + random.nextInt(mounts);
  }

  private String line() {
    if (!queued.isEmpty()) {
      return queued.remove(0);
    }
    String line = pick(drawers).get();
    if (Call.names(line)) {
      return line;
    }
    return switch (random.nextInt(24)) {
      case 0, 1 -> "@1000 " + line;
      case 2 -> "@1001 " + line;
      default -> line;
    };
  }

  /** What the reference answered to {@code line}. */
  void learn(String line, Answer answer) {
    if (!answer.ok()) {
      return;
    }
    String[] t =
        (line.startsWith("@") ? line.substring(line.indexOf(' ') + 1) : line).split(" ", -1);
    switch (t[0]) {
      case "mkdir" -> names.add(t[1], Kind.DIR);
      case "open" -> {
        if (t[3].contains("O_CREAT")) {
          names.add(t[2], Kind.FILE);
        }
      }
      case "mknod" -> names.add(t[1], t[2].equals("file") ? Kind.FILE : Kind.OTHER);
      case "symlink" -> names.add(t[2], Kind.LINK);
      case "link" -> names.add(t[2], names.kindOf(t[1]));
      case "unlink", "rmdir" -> names.remove(t[1]);
      case "rename", "renameat2" -> {
        if (t.length == 3 || !t[3].equals("2")) {
          names.move(t[1], t[2]);
        }
      }
      default -> {}
    }
  }

  private void descriptorOperations() {
    draw(
        10,
        () ->
            "open "
                + slot()
                + " "
                + odd(names.any())
                + " "
                + createFlags()
                + " "
                + pick(FILE_MODES));
    draw(
        6,
        () ->
            "open "
                + slot()
                + " "
                + odd(file())
                + " "
                + pick(
                    List.of(
                        "O_RDWR",
                        "O_RDWR",
                        "O_RDONLY",
                        "O_WRONLY+O_APPEND",
                        "O_RDWR+O_TRUNC",
                        "O_RDONLY+O_NOFOLLOW",
                        "O_WRONLY"))
                + " 0");
    draw(
        2,
        () ->
            "open "
                + slot()
                + " "
                + odd(names.directory())
                + " "
                + pick(
                    List.of(
                        "O_RDONLY+O_DIRECTORY",
                        "O_RDONLY",
                        "O_RDWR",
                        "O_RDWR+O_TMPFILE",
                        "O_WRONLY+O_TMPFILE+O_EXCL"))
                + " 0600");
    draw(4, () -> "close " + slot());
    draw(6, () -> "read " + slot() + " " + length());
    draw(6, () -> "pread " + slot() + " " + offset() + " " + length());
    draw(8, () -> "write " + slot() + " " + length() + " " + random.nextInt(1000));
    draw(
        10,
        () -> "pwrite " + slot() + " " + offset() + " " + length() + " " + random.nextInt(1000));
    draw(
        2,
        () ->
            "lseek "
                + slot()
                + " "
                + pick(List.of("0", "1", "-1", "4095", "65536", "1000000"))
                + " "
                + random.nextInt(3));
    draw(1, () -> "lseek " + slot() + " " + offset() + " " + (3 + random.nextInt(2)));
    draw(4, () -> "ftruncate " + slot() + " " + offset());
    draw(
        3,
        () ->
            "fallocate "
                + slot()
                + " "
                + pick(List.of("0", "1", "3", "3", "2", "16", "17"))
                + " "
                + near()
                + " "
                + length());
    draw(2, () -> "copy " + slot() + " " + near() + " " + slot() + " " + near() + " " + length());
    draw(2, () -> "mmap " + slot() + " " + near() + " " + length() + " " + random.nextInt(1000));
    draw(2, () -> pick(List.of("fsync ", "fdatasync ")) + slot());
    draw(3, () -> "fstat " + slot());
    draw(1, () -> "fchmod " + slot() + " " + pick(FILE_MODES));
    draw(1, () -> "fchown " + slot() + " " + pick(OWNERS) + " " + pick(OWNERS));
  }

  private void nameOperations() {
    draw(8, () -> "mkdir " + odd(names.any()) + " " + pick(DIR_MODES));
    draw(
        2,
        () ->
            "mknod "
                + odd(names.any())
                + " "
                + pick(
                    List.of(
                        "file 0640 0",
                        "fifo 0644 0",
                        "sock 0755 0",
                        "chr 0644 " + NO_DEVICE,
                        "blk 0600 " + NO_DEVICE)));
    draw(3, () -> "symlink " + pick(TARGETS) + " " + odd(names.any()));
    draw(2, () -> "readlink " + odd(any(Kind.LINK)));
    draw(5, () -> "link " + odd(names.existing()) + " " + odd(names.any()));
    draw(2, () -> "flink " + slot() + " " + odd(names.any()));
    draw(5, () -> "unlink " + odd(names.existing()));
    draw(4, () -> "rmdir " + odd(names.existing(Kind.DIR)));
    draw(
        10,
        () ->
            "rename "
                + odd(names.existing())
                + " "
                + odd(random.nextBoolean() ? names.any() : names.existing()));
    draw(
        3,
        () ->
            "renameat2 "
                + names.existing()
                + " "
                + (random.nextBoolean() ? names.any() : names.existing())
                + " "
                + random.nextInt(4));
    draw(4, () -> "readdir " + odd(names.directory()));
    draw(3, () -> "lstat " + odd(names.any()));
  }

  private void attributeOperations() {
    draw(5, () -> "lstat " + odd(names.existing()));
    draw(3, () -> "stat " + odd(names.existing()));
    draw(1, () -> "access " + odd(names.existing()) + " " + random.nextInt(8));
    draw(
        4,
        () ->
            "chmod "
                + odd(names.existing())
                + " "
                + pick(random.nextBoolean() ? FILE_MODES : DIR_MODES));
    draw(4, () -> "lchown " + odd(names.existing()) + " " + pick(OWNERS) + " " + pick(OWNERS));
    draw(3, () -> "truncate " + odd(file()) + " " + offset());
    draw(3, () -> "utimes " + odd(names.existing()) + " " + pick(TIMES) + " " + pick(TIMES));
    draw(
        3,
        () ->
            "setxattr "
                + odd(names.existing())
                + " "
                + pick(XATTRS)
                + " "
                + pick(List.of("0", "1", "20", "700"))
                + " "
                + random.nextInt(9)
                + " "
                + random.nextInt(4));
    draw(2, () -> "getxattr " + odd(names.existing()) + " " + pick(XATTRS));
    draw(1, () -> "removexattr " + odd(names.existing()) + " " + pick(XATTRS));
    draw(1, () -> "listxattr " + odd(names.existing()));
    draw(3, () -> "setacl " + odd(names.existing()) + " " + pick(ACLS) + " " + list());
    draw(1, () -> "getacl " + odd(names.existing()) + " " + pick(ACLS));
    draw(1, () -> "umask " + pick(List.of("022", "022", "0", "077")));
    draw(6, this::timed);
    draw(1, this::crowd);
  }

  /** An access control list as the agent takes it, now and then one without sense. */
  private String list() {
    if (random.nextInt(6) == 0) {
      return "none";
    }
    List<String> entries = new ArrayList<>();
    entries.add("1:" + rights() + ":-1");
    if (random.nextBoolean()) {
      entries.add("2:" + rights() + ":1000");
    }
    entries.add("4:" + rights() + ":-1");
    if (random.nextBoolean()) {
      entries.add("8:" + rights() + ":1001");
    }
    if (entries.size() > 2 || random.nextInt(3) == 0) {
      entries.add("16:" + rights() + ":-1");
    }
    entries.add("32:" + rights() + ":-1");
    if (random.nextInt(12) == 0) {
      entries.remove(random.nextInt(entries.size()));
    }
    return String.join(",", entries);
  }

  private int rights() {
    return random.nextInt(3) == 0 ? random.nextInt(8) : 7;
  }

  /**
   * Marks a file and a directory, changes one of them, and asks what the change did to their times;
   * the change may be another mount's.
   */
  private String timed() {
    String asker = mount() + "> ";
    String target = names.existing();
    String parent = target.contains("/") ? target.substring(0, target.lastIndexOf('/')) : ".";
    queued.add(asker + "mark " + parent);
    queued.add(pick(drawers).get());
    queued.add(
        pick(
            List.of(
                "chmod " + target + " 0644",
                "unlink " + target,
                "rename " + target + " " + names.any(),
                "link " + target + " " + names.any(),
                "truncate " + target + " " + near(),
                "mkdir " + parent + "/" + names.name() + " 0755",
                "readdir " + parent,
                "lchown " + target + " 1000 -1",
                "setxattr " + target + " user.t 5 " + random.nextInt(100_000) + " 0",
                "lstat " + target,
                "put " + target + " 100 1",
                "append " + target + " 10 2",
                "get " + target)));
    queued.add(asker + "times " + target);
    queued.add(asker + "times " + parent);
    return asker + "mark " + target;
  }

  /** A directory too large for one read of it. Rare, since it costs many operations. */
  private String crowd() {
    if (random.nextInt(8) != 0) {
      return "lstat .";
    }
    String directory = names.directory();
    queued.add("readdir " + directory);
    queued.add("purge " + directory);
    return "many "
        + directory
        + " "
        + (50 + random.nextInt(400))
        + " "
        + (10 + random.nextInt(150));
  }

  private String createFlags() {
    return pick(
        List.of(
            "O_RDWR+O_CREAT",
            "O_RDWR+O_CREAT",
            "O_RDWR+O_CREAT+O_EXCL",
            "O_WRONLY+O_CREAT+O_TRUNC",
            "O_RDWR+O_CREAT+O_APPEND",
            "O_RDONLY+O_CREAT",
            "O_WRONLY+O_CREAT+O_NOFOLLOW",
            "O_RDWR+O_CREAT+O_SYNC"));
  }

  private String file() {
    return any(Kind.FILE);
  }

  private String any(Kind kind) {
    return random.nextInt(5) == 0 ? names.existing() : names.existing(kind);
  }

  /**
   * Now and then another spelling of the same path, one through an open directory, or one that is
   * too long.
   */
  private String odd(String path) {
    return switch (random.nextInt(80)) {
      case 0 -> path + "/";
      case 1 -> path + "/.";
      case 2 -> ".//" + path;
      case 3, 4 -> "#" + slot() + "/" + names.name();
      case 5 -> path + "/" + names.name();
      case 6 -> path + "/..";
      case 7 -> random.nextInt(5) == 0 ? "a/".repeat(2048) + "a" : path;
      case 8 -> random.nextInt(5) == 0 ? "-" : path;
      default -> path;
    };
  }

  private int slot() {
    return random.nextInt(Math.max(1, SLOTS / mounts));
  }

  private long near() {
    long edge = EDGES[random.nextInt(random.nextInt(4) == 0 ? EDGES.length : 6)];
    return Math.max(0, edge + (random.nextBoolean() ? 0 : random.nextInt(64) - 32));
  }

  private long offset() {
    return random.nextInt(20) == 0
        ? FAR[random.nextInt(FAR.length)] - random.nextInt(5000)
        : near();
  }

  private long length() {
    long edge = EDGES[random.nextInt(random.nextInt(6) == 0 ? EDGES.length : 6)];
    return Math.max(0, edge + random.nextInt(200) - 100);
  }

  private void draw(int weight, Supplier<String> drawer) {
    for (int i = 0; i < weight; i++) {
      drawers.add(drawer);
    }
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
