package io.pandofs.tests.coherence;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The checker as a command: {@code CoherenceMain REFERENCE SEED ROUNDS held|plain MOUNT MOUNT…};
 * fails when anything was stale. {@code tests/coherence} calls it from a checkout.
 */
final class CoherenceMain {
  private CoherenceMain() {}

  public static void main(String[] args) {
    if (args.length < 6) {
      throw new IllegalArgumentException("usage: REFERENCE SEED ROUNDS held|plain MOUNT MOUNT…");
    }
    List<Path> mounts = Arrays.stream(args).skip(4).map(Path::of).toList();
    try (CoherenceChecker checker =
        CoherenceChecker.of(mounts, Path.of(args[0]), args[3].equals("held"))) {
      Report report = checker.run(Long.parseLong(args[1]), Integer.parseInt(args[2]));
      System.out.println(report);
      if (report.staleCount() > 0) {
        throw new IllegalStateException(report.staleCount() + " stale");
      }
    }
  }
}
