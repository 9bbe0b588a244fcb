package io.pandofs.tests.coherence;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One act and the looks that must show it: the names it touched, and what a look at each of them
 * can tell. The looks are also made before the act, so that every cache of the observer holds what
 * the act makes old.
 *
 * @param act a line of the agent's language
 * @param looks lines that only look
 * @param held a look through a descriptor that the observer opened before the act (slot 0), or
 *     empty
 */
record Round(String act, List<String> looks, List<String> held) {
  private static final List<String> DIRECTORIES = List.of("d0", "d1", "d0/s", "d1/s");

  /** Draws a round; over a few dozen names, so that acts meet what earlier ones left. */
  static Round draw(Random random) {
    String p = path(random);
    String q = path(random);
    String sub = DIRECTORIES.get(2 + random.nextInt(2));
    int n = random.nextInt(1000);
    return switch (random.nextInt(20)) {
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
      case 12 -> names("mkdir " + q + ".dir 0" + pick(random, "700", "755", "1777"), q + ".dir");
      case 13 -> names("rmdir " + q + ".dir", q + ".dir");
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
    return new Round(act, looks(List.of(path)), List.of("fstat 0", "pread 0 0 200000"));
  }

  private static Round names(String act, String... paths) {
    return new Round(act, looks(List.of(paths)), List.of("fstat 0"));
  }

  private static List<String> looks(List<String> paths) {
    List<String> looks = new ArrayList<>();
    for (String path : paths) {
      looks.add("lstat " + path);
      looks.add("get " + path);
      looks.add("readlink " + path);
      looks.add("getxattr " + path + " user.a");
      looks.add(
          "readdir "
              + path.substring(
                  0, path.lastIndexOf('/') < 0 ? path.length() : path.lastIndexOf('/')));
    }
    return looks;
  }

  /** The path whose inode a held descriptor is opened on. */
  String target() {
    return act.split(" ", -1)[1];
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
