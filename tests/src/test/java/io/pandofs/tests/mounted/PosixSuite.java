package io.pandofs.tests.mounted;

import io.pandofs.tests.cluster.Commands;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs {@code tests/posix}, in processes of its own. */
final class PosixSuite {
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final Path HOME =
      Path.of(System.getProperty("pando.root", "..")).toAbsolutePath().resolve("tests/posix");

  private PosixSuite() {}

  /**
   * Acts on one directory and looks at the same one by way of another mount.
   *
   * @param lists files there of what is expected to fail
   * @throws IllegalStateException with what it said, if it found anything else
   */
  static void run(Path here, Path there, List<String> lists)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(HOME.resolve("run").toString()));
    lists.forEach(list -> words.addAll(List.of("--known", HOME.resolve(list).toString())));
    words.addAll(List.of("--other", there.toString(), here.toString()));
    Commands.run(LIMIT, words.toArray(String[]::new)).ok();
  }

  /** Plants faults in what a directory does, each of which the suite must tell. */
  static void plant(Path directory) throws IOException, InterruptedException {
    Commands.run(LIMIT, HOME.resolve("planted").toString(), directory.toString()).ok();
  }
}
