package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JnrMountedFilesTest extends MountedFiles {

  JnrMountedFilesTest() {
    super("jnr");
  }

  /** By node number, as the direct transport is asked, such a directory is not found again. */
  @Test
  void aPathIsResolvedAnewWhenItWasReplacedMeanwhile() throws Exception {
    String name = Rival.HUNTED_PREFIX + "d";
    run("mkdir", name);
    assertThat(run("ls", name)).isEmpty();
  }

  @Test
  void aNameThatIsNotUtf8IsRefused() throws Exception {
    assertThat(run("sh", "-c", "! touch \"$(printf 'a\\377')\" 2>&1")).contains("Invalid argument");
  }
}
