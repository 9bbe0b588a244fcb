package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DirectMountLifeTest extends MountLife {

  DirectMountLifeTest() {
    super("direct");
  }

  @Test
  void readsAreAsLargeAsRequestsMayBe() throws Exception {
    try (MountedVolume volume = start(place())) {
      assertThat(volume.greeting()).startsWith("mounted");
      int connection = MountTable.at(place()).orElseThrow().minor();
      assertThat(Path.of("/sys/class/bdi/0:" + connection + "/read_ahead_kb")).hasContent("1024\n");
      assertThat(Files.readString(Path.of("/proc/mounts"))).contains("max_read=1048576");
    }
  }

  @Test
  void aConnectionThatIsAbortedEndsAndCanBeMountedAgain() throws Exception {
    MountedVolume aborted = start(place());
    assertThat(aborted.greeting()).startsWith("mounted");
    int connection = MountTable.at(place()).orElseThrow().minor();
    Files.writeString(Path.of("/sys/fs/fuse/connections/" + connection + "/abort"), "1");
    try (MountedVolume next = start(place())) {
      assertThat(next.greeting()).startsWith("mounted");
      next.run("touch", "alive");
      assertThat(aborted.stop()).isTrue();
      next.run("touch", "alive-still");
    }
  }
}
