package io.pandofs.tests.fuzz;

import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/**
 * What the generator believes about the tree, so that most of its operations mean something: paths
 * and their kinds, learnt from the reference's answers. It may be wrong (symlinks, odd spellings);
 * a wrong belief only costs an operation that fails.
 */
final class Names {
  enum Kind {
    DIR,
    FILE,
    LINK,
    OTHER
  }

  private static final List<String> USUAL = List.of("a", "b", "c", "d", "e");
  private static final List<String> ODD =
      List.of(
          "with%20space",
          "%C3%BC",
          "L".repeat(255),
          "M".repeat(256),
          "%FF%FE",
          ".hidden",
          "%0A",
          "%E2%82%AC".repeat(85));

  private final NavigableMap<String, Kind> known = new TreeMap<>();
  private final Random random;

  Names(Random random) {
    this.random = random;
  }

  String name() {
    return random.nextInt(25) == 0 ? pick(ODD) : pick(USUAL);
  }

  /** A path that probably exists; any spelling of a name when nothing of this kind does. */
  String existing(Kind kind) {
    List<String> found =
        known.entrySet().stream().filter(e -> e.getValue() == kind).map(e -> e.getKey()).toList();
    return found.isEmpty() ? any() : pick(found);
  }

  String existing() {
    return known.isEmpty() ? any() : pick(List.copyOf(known.keySet()));
  }

  /** A directory that probably exists, the root among them. */
  String directory() {
    return random.nextInt(3) == 0 ? "." : existing(Kind.DIR);
  }

  /** A name in some directory; may or may not exist. */
  String any() {
    List<String> dirs =
        known.entrySet().stream()
            .filter(e -> e.getValue() == Kind.DIR)
            .map(e -> e.getKey())
            .toList();
    return dirs.isEmpty() || random.nextInt(3) == 0 ? name() : pick(dirs) + "/" + name();
  }

  void add(String path, Kind kind) {
    if (plain(path)) {
      known.putIfAbsent(path, kind);
    }
  }

  void remove(String path) {
    known.remove(path);
  }

  /** Moves a name and all below it, over whatever was there. */
  void move(String from, String to) {
    Kind kind = known.get(from);
    if (kind == null || !plain(to)) {
      known.remove(from);
      return;
    }
    NavigableMap<String, Kind> below = new TreeMap<>(known.subMap(from + "/", from + "0"));
    below.keySet().forEach(known::remove);
    known.remove(from);
    known.put(to, kind);
    below.forEach((path, k) -> known.put(to + path.substring(from.length()), k));
  }

  Kind kindOf(String path) {
    return known.getOrDefault(path, Kind.OTHER);
  }

  private static boolean plain(String path) {
    return !path.startsWith("#")
        && !path.endsWith("/")
        && !path.contains("/.")
        && !path.contains("//")
        && !path.startsWith(".");
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
