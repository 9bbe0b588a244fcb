package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MountTableTest {

  @Test
  void aLineOfMountinfo() {
    MountTable.Row row =
        MountTable.parse(
            "36 35 0:57 / /mnt/with\\040blank rw,nosuid shared:1 master:2 - fuse.pando pando rw");
    assertThat(row).isEqualTo(new MountTable.Row(Path.of("/mnt/with blank"), 57, "fuse.pando"));
  }

  @Test
  void theMachinesOwnTableIsUnderstood() throws Exception {
    assertThat(MountTable.at(Path.of("/proc"))).isPresent();
    assertThat(MountTable.at(Path.of("/nowhere/at/all"))).isEmpty();
  }
}
