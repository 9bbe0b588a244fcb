package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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

  /** What the first mount has written cannot be committed, so the second one waits for it. */
  @Test
  void whoeverIsKilledWhileAnotherMountIsWaitedForEndsAtOnce() throws Exception {
    Path second = Files.createDirectory(place().resolveSibling("second"));
    try (MountedVolume volume = start(place(), second)) {
      assertThat(volume.greeting()).startsWith("mounted");
      volume.run("sh", "-c", "echo kept > f");
      Process waiting = new ProcessBuilder("cat", second.resolve("f").toString()).start();
      int connection = MountTable.at(second).orElseThrow().minor();
      await().until(() -> FuseControl.waiting(connection) > 0);
      waiting.destroy();
      assertThat(waiting.waitFor(15, TimeUnit.SECONDS)).isTrue();
      assertThat(volume.run("cat", "f")).isEqualTo("kept\n");
    }
    assertThat(MountTable.at(second)).isEmpty();
  }

  @Test
  void aConnectionThatIsAbortedEndsAndCanBeMountedAgain() throws Exception {
    MountedVolume aborted = start(place());
    assertThat(aborted.greeting()).startsWith("mounted");
    FuseControl.abort(MountTable.at(place()).orElseThrow().minor());
    try (MountedVolume next = start(place())) {
      assertThat(next.greeting()).startsWith("mounted");
      next.run("touch", "alive");
      assertThat(aborted.stop()).isTrue();
      next.run("touch", "alive-still");
    }
  }
}
