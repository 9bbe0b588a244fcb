package io.pandofs.tests.coherence;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One act on one mount, and what the others must see when it has returned.
 *
 * @param target the path whose inode a held descriptor is opened on
 * @param before what the acting mount does first: opens the descriptor that it acts through
 * @param looks what is asked by path
 * @param held what is asked through a descriptor that was opened before, slot 0
 * @param after what the acting mount does when all have looked
 */
record Round(
    String target,
    List<String> before,
    String act,
    List<String> looks,
    List<String> held,
    List<String> after) {
  private static final List<String> DIRECTORIES = List.of("d0", "d1", "d0/s", "d1/s");

  /** Draws a round; over a few dozen names, so that acts meet what earlier ones left. */
  static Round draw(Random random) {
    String p = path(random);
    String q = path(random);
    String sub = DIRECTORIES.get(2 + random.nextInt(2));
    int n = random.nextInt(1000);
    return switch (random.nextInt(27)) {
      case 20, 21, 22 ->
          open(
              p,
              "O_RDWR+O_CREAT",
              "pwrite 1 " + length(random) + " " + (1 + random.nextInt(9000)) + " " + n);
      case 23 ->
          open(p, "O_WRONLY+O_CREAT+O_APPEND", "write 1 " + (1 + random.nextInt(5000)) + " " + n);
      case 24 -> open(p, "O_RDWR+O_CREAT", "ftruncate 1 " + length(random));
      case 25, 26 -> names("chmod " + sub + " 0" + pick(random, "700", "755", "1777"), sub);
      case 0, 1, 2, 3 -> data("put " + p + " " + length(random) + " " + n, p);
      case 4 -> data("append " + p + " " + (1 + random.nextInt(5000)) + " " + n, p);
      case 5 -> data("truncate " + p + " " + length(random), p);
      case 6, 7 -> names("rename " + p + " " + q, p, q);
      case 8 ->
          names(
              "rename " + sub + " " + DIRECTORIES.get(random.nextInt(2)) + "/moved",
              sub,
              DIRECTORIES.get(0) + "/moved",
              DIRECTORIES.get(1) + "/moved",
              sub + "/f0");
      case 9 ->
          names(
              "rename " + DIRECTORIES.get(random.nextInt(2)) + "/moved " + sub,
              sub,
              sub + "/f0",
              DIRECTORIES.get(0) + "/moved",
              DIRECTORIES.get(1) + "/moved");
      case 10, 11 -> names("unlink " + p, p);
      case 12 -> within("mkdir " + q + ".dir 0" + pick(random, "700", "755", "1777"), q + ".dir");
      case 13 -> within("rmdir " + q + ".dir", q + ".dir");
      case 14 -> names("link " + p + " " + q, p, q);
      case 15 -> names("symlink " + n + " " + q, q);
      case 16 -> names("chmod " + p + " 0" + pick(random, "600", "644", "755", "4755"), p);
      case 17 -> names("lchown " + p + " " + random.nextInt(3) + " " + random.nextInt(3), p);
      case 18 -> names("utimes " + p + " now " + (1 + n) + ".5", p);
      default ->
          names(
              (random.nextBoolean()
                  ? "setxattr " + p + " user.a " + random.nextInt(200) + " " + n + " 0"
                  : "removexattr " + p + " user.a"),
              p);
    };
  }

  /** What makes the tree in which rounds are drawn. */
  static List<String> preparation() {
    return DIRECTORIES.stream().map(d -> "mkdir " + d + " 0755").toList();
  }

  private static Round data(String act, String path) {
    return new Round(
        path,
        List.of(),
        act,
        looks(List.of(path)),
        List.of("fstat 0", "pread 0 0 200000"),
        List.of());
  }

  /** An act through a descriptor that stays open while the others look. */
  private static Round open(String path, String flags, String act) {
    return new Round(
        path,
        List.of("open 1 " + path + " " + flags + " 0644"),
        act,
        looks(List.of(path)),
        List.of("fstat 0", "pread 0 0 200000"),
        List.of("close 1"));
  }

  /** An act that changes the directory in which the path is. */
  private static Round within(String act, String path) {
    return new Round(
        parent(path), List.of(), act, looks(List.of(path)), List.of("fstat 0"), List.of());
  }

  private static String parent(String path) {
    int end = path.lastIndexOf('/');
    return end < 0 ? path : path.substring(0, end);
  }

  private static Round names(String act, String... paths) {
    return new Round(
        act.split(" ", -1)[1],
        List.of(),
        act,
        looks(List.of(paths)),
        List.of("fstat 0"),
        List.of());
  }

  private static List<String> looks(List<String> paths) {
    List<String> looks = new ArrayList<>();
    for (String path : paths) {
      looks.add("lstat " + path);
      looks.add("get " + path);
      looks.add("readlink " + path);
      looks.add("getxattr " + path + " user.a");
      looks.add("readdir " + parent(path));
    }
    return looks;
  }

  private static String path(Random random) {
    return DIRECTORIES.get(random.nextInt(DIRECTORIES.size())) + "/f" + random.nextInt(4);
  }

  private static int length(Random random) {
    return random.nextInt(8) == 0 ? random.nextInt(300_000) : random.nextInt(9000);
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}
