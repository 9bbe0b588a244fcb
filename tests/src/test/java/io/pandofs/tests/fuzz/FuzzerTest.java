package io.pandofs.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.agent.LocalDirectories;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The fuzzer judged by filesystems that are known to be right. */
final class FuzzerTest {
  @Test
  void twoDirectoriesOfOneFilesystemDoNotDiffer() {
    fuzz(List.of(LocalDirectories.reference()), LocalDirectories.reference(), "ext4", 4, 800);
  }

  @Test
  void tmpfsAnswersAsExt4Does() {
    fuzz(List.of(Path.of("/dev/shm")), LocalDirectories.reference(), "tmpfs", 4, 800);
  }

  @Test
  void threeAgentsInOneDirectoryDoNotDiffer() {
    Path directory = LocalDirectories.reference();
    fuzz(List.of(directory, directory, directory), directory, "ext4", 4, 800);
  }

  private static void fuzz(
      List<Path> subject, Path reference, String profile, int seeds, int operations) {
    try (Fuzzer fuzzer = Fuzzer.of(subject, reference, profile)) {
      for (long seed = 0; seed < seeds; seed++) {
        assertThat(fuzzer.run(seed, operations)).as("seed %d", seed).isEmpty();
      }
    }
  }
}
