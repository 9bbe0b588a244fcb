package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mounting, refusing to, unmounting, and what a killed server leaves behind. */
@Tag("fuse")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
abstract class MountLife {

  private final String transport;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path scratch;

  @SuppressWarnings("NullAway.Init")
  private Path place;

  /**
   * @param transport as {@link MountProcess} knows it
   */
  MountLife(String transport) {
    this.transport = transport;
  }

  @BeforeEach
  final void makePlace() throws Exception {
    scratch = scratch.toRealPath();
    place = Files.createDirectory(scratch.resolve("with blank"));
  }

  final MountedVolume start(Path at, Path... more) throws Exception {
    return MountedVolume.start(transport, at, scratch.resolve("log"), more);
  }

  final Path place() {
    return place;
  }

  private void assertRefused(Path at, MountException.Reason reason) throws Exception {
    try (MountedVolume volume = start(at)) {
      assertThat(volume.greeting()).startsWith("refused " + reason + " ");
    }
  }

  @Test
  void whatCannotBeAMountPoint() throws Exception {
    assertRefused(scratch.resolve("missing"), MountException.Reason.MISSING);
    assertRefused(scratch.resolve("no/parent"), MountException.Reason.MISSING);
    Path file = Files.createFile(scratch.resolve("file"));
    assertRefused(file, MountException.Reason.NOT_A_DIRECTORY);
    Path full = Files.createDirectory(scratch.resolve("full"));
    Files.createFile(full.resolve("something"));
    assertRefused(full, MountException.Reason.NOT_EMPTY);
    assertThat(full.resolve("something")).exists();
  }

  @Test
  void aPlaceInUseIsRefusedAndTheMountThereGoesOn() throws Exception {
    try (MountedVolume first = start(place)) {
      assertThat(first.greeting()).startsWith("mounted");
      MountedVolume second = start(place);
      assertThat(second.greeting()).startsWith("refused ALREADY_MOUNTED ");
      assertThat(second.stop()).isTrue();
      first.run("touch", "still-here");
    }
  }

  @Test
  void aDeadMountIsTakenAway() throws Exception {
    MountedVolume killed = start(place);
    killed.killHard();
    assertThat(MountTable.at(place)).isPresent();
    try (MountedVolume next = start(place)) {
      assertThat(next.greeting()).startsWith("mounted");
      next.run("touch", "alive");
    }
  }

  @Test
  void theMountTableShowsItsType() throws Exception {
    try (MountedVolume volume = start(place)) {
      assertThat(volume.greeting()).startsWith("mounted");
      assertThat(MountTable.at(place).orElseThrow().type()).isEqualTo("fuse.pando");
      assertThat(Files.readString(Path.of("/proc/mounts"))).contains("pando " + scratch);
    }
    assertThat(place).isEmptyDirectory();
  }

  @Test
  void itAllowsWhatItsFlagsLeave() throws Exception {
    String words = ":nosuid,nodev,noexec,noatime";
    try (MountedVolume volume =
        MountedVolume.start(transport + words, place, scratch.resolve("log"))) {
      assertThat(volume.greeting()).startsWith("mounted");
      String row =
          Files.readAllLines(Path.of("/proc/mounts")).stream()
              .filter(line -> line.startsWith("pando " + scratch))
              .findFirst()
              .orElseThrow();
      assertThat(List.of(row.split("[ ,]"))).contains("rw", "nosuid", "nodev", "noexec", "noatime");
      volume.run("sh", "-c", "cp /bin/true t && chmod 755 t && ! ./t 2>/dev/null");
      volume.run("mount", "-o", "remount,bind,ro", place.toString());
      volume.run("sh", "-c", "! touch new 2>/dev/null && cmp t /bin/true");
      volume.run("mount", "-o", "remount,bind,rw", place.toString());
      volume.run("touch", "new");
    }
  }

  @Test
  void aReadOnlyMountChangesNothing() throws Exception {
    try (MountedVolume volume =
        MountedVolume.start(transport + ":ro", place, scratch.resolve("log"))) {
      assertThat(volume.greeting()).startsWith("mounted");
      volume.run("sh", "-c", "mkdir d 2>&1 | grep -q 'Read-only file system'");
    }
  }

  @Test
  void aBusyMountIsEndedAllTheSame() throws Exception {
    MountedVolume volume = start(place);
    Process user = new ProcessBuilder("sleep", "120").directory(place.toFile()).start();
    try {
      assertThat(volume.stop()).isTrue();
      assertThat(MountTable.at(place)).isEmpty();
    } finally {
      user.destroyForcibly().waitFor();
      volume.close();
    }
  }
}
