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

/** A suite that takes a directory, or two of one tree; it runs in processes of its own. */
enum ScriptSuite {
  /** What POSIX and Linux promise. */
  POSIX("tests/posix", Duration.ofMinutes(10)),

  /** Programs of the distribution. */
  TOOLS("tests/tools", Duration.ofMinutes(45));

  private final Path home;
  private final Duration limit;

  ScriptSuite(String home, Duration limit) {
    Path root = Path.of(System.getProperty("pando.root", "..")).toAbsolutePath();
    this.home = root.resolve(home);
    this.limit = limit;
  }

  /**
   * Acts on one directory and looks at the same one by way of another mount, or the same.
   *
   * @param transport whose lists of what is expected to fail hold; null for a filesystem that keeps
   *     to all
   */
  void run(Path here, Path there, @Nullable String transport)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(home.resolve("run").toString()));
    if (transport != null) {
      known(words, "known-" + transport);
      if (!here.equals(there)) {
        known(words, "known-" + transport + "-other");
      }
    }
    words.addAll(List.of("--other", there.toString(), here.toString()));
    String out = Commands.run(limit, words.toArray(String[]::new)).ok();
    assertThat(out).as("a seventh of it needs other users").doesNotContain("cannot reach");
  }

  /** Lets other users into a temporary directory, in which the suite acts as some. */
  static void open(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void known(List<String> words, String list) {
    Path file = home.resolve(list);
    if (Files.exists(file)) {
      words.addAll(List.of("--known", file.toString()));
    }
  }

  /** Plants faults in what a directory does, each of which the suite must tell. */
  void plant(Path directory) throws IOException, InterruptedException {
    Commands.run(limit, home.resolve("planted").toString(), directory.toString()).ok();
  }
}
