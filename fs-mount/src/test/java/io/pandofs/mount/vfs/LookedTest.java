package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a name meant a moment ago can be opened, whatever has happened to the name. */
class LookedTest {

  private final Volume volume = new Volume();
  private final Vfs here = volume.mount();
  private final Vfs there = volume.mount();

  @AfterEach
  void end() {
    volume.close();
  }

  @Test
  void aFileThatIsReplacedBetweenTheLookAndTheOpenIsOpened() throws Exception {
    long made = Volume.create(there, "f");
    Volume.write(there, made, 0, "old");
    Volume.close(there, made);
    InodeId seen = Volume.find(here, "f").inode();
    made = Volume.create(there, "g");
    Volume.write(there, made, 0, "new");
    Volume.close(there, made);
    there.namespace().rename(USER, InodeId.ROOT, name("g"), InodeId.ROOT, name("f"), 0);
    volume.tree.reap();

    long handle = here.files().open(USER, seen, OpenFlags.READ_ONLY).handle();
    volume.tree.reap();
    assertThat(Volume.read(here, handle, 0, 10)).isEqualTo("old");
    here.files().release(handle);
    assertThat(Volume.readAll(here, "f")).isEqualTo("new");
    assertFails(Errno.ESTALE, () -> volume.mount().files().open(USER, seen, OpenFlags.READ_ONLY));
  }

  @Test
  void itIsHeldForSecondsOnly() {
    TestClock clock = new TestClock();
    Looked looked = new Looked(clock);
    InodeId inode = new InodeId(7);
    looked.add(inode);
    clock.pass(Duration.ofMillis(1_900));
    assertThat(looked.contains(inode)).isTrue();
    clock.pass(Duration.ofMillis(1_900));
    assertThat(looked.contains(inode)).isTrue();
    clock.pass(Duration.ofMillis(300));
    assertThat(looked.contains(inode)).isFalse();
    looked.add(inode);
    clock.pass(Duration.ofDays(1));
    assertThat(looked.contains(inode)).isFalse();
  }

  @Test
  void notEndlesslyMany() {
    Looked looked = new Looked(new TestClock());
    for (int i = 1; i <= 1 << 18; i++) {
      looked.add(new InodeId(i));
    }
    assertThat(looked.contains(new InodeId(1))).isFalse();
    assertThat(looked.contains(new InodeId(1 << 18))).isTrue();
  }
}
