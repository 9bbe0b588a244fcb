package io.pandofs.tests.mounted;

import io.pandofs.tests.agent.LocalDirectories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The suite itself: right about the machine's own filesystem, and not blind. */
class PosixSuiteTest {
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  @BeforeEach
  void make() throws IOException {
    directory = Files.createTempDirectory(LocalDirectories.reference(), "pando-posix");
    ScriptSuite.open(directory);
  }

  /** It removes what it makes. */
  @AfterEach
  void remove() throws IOException {
    Files.delete(directory);
  }

  @Test
  void itFindsNothingOnExt4() throws IOException, InterruptedException {
    ScriptSuite.POSIX.run(directory, directory, null);
  }

  @Test
  @Tag("full")
  void itFindsWhatIsPlanted() throws IOException, InterruptedException {
    ScriptSuite.POSIX.plant(directory);
  }
}
