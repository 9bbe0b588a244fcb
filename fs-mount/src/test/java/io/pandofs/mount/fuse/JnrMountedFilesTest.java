package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JnrMountedFilesTest extends MountedFiles {

  JnrMountedFilesTest() {
    super("jnr");
  }

  @Test
  void aNameThatIsNotUtf8IsRefused() throws Exception {
    assertThat(run("sh", "-c", "! touch \"$(printf 'a\\377')\" 2>&1")).contains("Invalid argument");
  }
}
