package io.pandofs.tests.fuzz;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The fuzzer as a command, for a mount that somebody has made: {@code FuzzMain SUBJECT REFERENCE
 * PROFILE FIRST_SEED SEEDS OPERATIONS}, or {@code FuzzMain SUBJECT REFERENCE PROFILE FILE} to
 * replay a kept list (one operation a line). SUBJECT may be one directory on several mounts, with
 * commas between them. The exit status is 1 when something was found. The environment's
 * PANDO_FUZZ_AVOID names features to leave out besides the profile's (comma between them); {@code
 * tests/fuzz} is the way to call it from a checkout.
 */
final class FuzzMain {
  private FuzzMain() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 4 && args.length != 6) {
      throw new IllegalArgumentException(
          "usage: SUBJECT REFERENCE PROFILE (FILE | FIRST_SEED SEEDS OPERATIONS)");
    }
    int found;
    try (Fuzzer fuzzer = Fuzzer.of(subject(args[0]), Path.of(args[1]), args[2], avoided())) {
      found =
          args.length == 4
              ? replay(fuzzer, Path.of(args[3]), System.out)
              : fuzz(fuzzer, args, System.out);
    }
    if (found > 0) {
      throw new IllegalStateException(found + " found");
    }
  }

  private static List<Path> subject(String mounts) {
    return Stream.of(mounts.split(",", -1)).map(Path::of).toList();
  }

  private static List<String> avoided() {
    String features = System.getenv("PANDO_FUZZ_AVOID");
    return features == null || features.isEmpty() ? List.of() : List.of(features.split(",", -1));
  }

  private static int replay(Fuzzer fuzzer, Path file, PrintStream out) throws IOException {
    List<String> operations =
        Files.readAllLines(file).stream().map(String::trim).filter(l -> !l.isEmpty()).toList();
    Optional<Difference> found = fuzzer.replay(operations);
    out.println(
        found
            .map(Difference::toString)
            .orElse("no difference in " + operations.size() + " operations"));
    return found.isPresent() ? 1 : 0;
  }

  private static int fuzz(Fuzzer fuzzer, String[] args, PrintStream out) {
    long first = Long.parseLong(args[3]);
    int seeds = Integer.parseInt(args[4]);
    int found = 0;
    for (long seed = first; seed < first + seeds; seed++) {
      Optional<Conviction> conviction = fuzzer.run(seed, Integer.parseInt(args[5]));
      if (conviction.isPresent()) {
        found++;
        out.println(conviction.get());
        if (conviction.get().difference().got().gone()) {
          return found;
        }
      } else {
        out.println("seed " + seed + ": no difference in " + args[5] + " operations");
      }
    }
    return found;
  }
}
