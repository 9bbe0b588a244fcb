package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Volume.close;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.open;
import static io.pandofs.mount.vfs.Volume.read;
import static io.pandofs.mount.vfs.Volume.readAll;
import static io.pandofs.mount.vfs.Volume.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is read before anybody asks for it must not keep anybody waiting. */
@Timeout(60)
class ReadAheadTest {
  private static final int FILES = 20;
  private static final int FILE_BYTES = 1 << 20;
  private static final int CHUNK = 128 << 10;

  private final Volume volume = new Volume();
  private final Vfs here = volume.mount();
  private final Vfs there = volume.mount();

  @AfterEach
  void end() {
    volume.blocks.letReadsGo();
    volume.close();
  }

  @Test
  void aDiskThatHangsUnderItHoldsUpNeitherFsyncNorOtherMounts() throws Exception {
    for (int i = 0; i < FILES; i++) {
      long handle = create(there, "f" + i);
      write(there, handle, 0, new byte[FILE_BYTES]);
      syncAndClose(there, handle);
    }
    volume.blocks.holdReads(thread -> thread.startsWith("vfs-"));
    for (int i = 0; i < FILES; i++) {
      long handle = open(here, "f" + i, OpenFlags.READ_ONLY);
      // The next read would wait for what is read ahead; that is its own file's matter.
      assertThat(read(here, handle, 0, CHUNK)).hasSize(CHUNK);
    }
    await().atMost(Duration.ofSeconds(30)).until(() -> volume.blocks.readsHeld() > 0);
    long mine = create(here, "mine");
    write(here, mine, 0, "safe");
    here.files().fsync(mine);
    assertThat(here.memory().dirtyBytes()).isZero();
    write(here, mine, 4, " and shared");
    assertThat(readAll(there, "mine")).isEqualTo("safe and shared");
    assertThat(find(there, "mine").sizeBytes()).isEqualTo(15);
    close(here, mine);
  }

  private static void syncAndClose(Vfs vfs, long handle) throws Exception {
    vfs.files().fsync(handle);
    close(vfs, handle);
  }
}
