package io.pandofs.tests.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.cluster.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs {@code tests/posix}, in processes of its own. */
final class PosixSuite {
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final Path HOME =
      Path.of(System.getProperty("pando.root", "..")).toAbsolutePath().resolve("tests/posix");

  private PosixSuite() {}

  /**
   * Acts on one directory and looks at the same one by way of another mount, or the same.
   *
   * @param transport whose lists of what is expected to fail hold; null for a filesystem that keeps
   *     to all
   */
  static void run(Path here, Path there, @Nullable String transport)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(HOME.resolve("run").toString()));
    if (transport != null) {
      known(words, "known-" + transport);
      if (!here.equals(there)) {
        known(words, "known-" + transport + "-other");
      }
    }
    words.addAll(List.of("--other", there.toString(), here.toString()));
    String out = Commands.run(LIMIT, words.toArray(String[]::new)).ok();
    assertThat(out).as("a seventh of it needs other users").doesNotContain("cannot reach");
  }

  /** Lets other users into a temporary directory, in which the suite acts as some. */
  static void open(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void known(List<String> words, String list) {
    Path file = HOME.resolve(list);
    if (Files.exists(file)) {
      words.addAll(List.of("--known", file.toString()));
    }
  }

  /** Plants faults in what a directory does, each of which the suite must tell. */
  static void plant(Path directory) throws IOException, InterruptedException {
    Commands.run(LIMIT, HOME.resolve("planted").toString(), directory.toString()).ok();
  }
}
