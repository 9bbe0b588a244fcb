package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.close;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.name;
import static io.pandofs.mount.vfs.Volume.readAll;
import static io.pandofs.mount.vfs.Volume.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.mount.vfs.FileOperations.Opened;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** open(2) with O_TMPFILE. */
@Timeout(60)
class UnnamedFileTest {
  private final Volume volume = new Volume();
  private final Vfs one = volume.mount();
  private final Vfs two = volume.mount();

  @AfterEach
  void end() {
    volume.close();
  }

  private Opened make(int flags) throws Exception {
    return one.files().createUnnamed(USER, InodeId.ROOT, CreateMode.of(0640), flags);
  }

  private void link(Vfs vfs, Opened file, String name) throws Exception {
    vfs.namespace().link(USER, file.attributes().inode(), InodeId.ROOT, name(name));
  }

  @Test
  void itHasNoNameUntilItIsGivenOne() throws Exception {
    Opened file = make(OpenFlags.READ_WRITE);
    assertThat(file.attributes().links()).isZero();
    assertThat(file.attributes().permissions()).isEqualTo(0640);
    write(one, file.handle(), 0, "all at once");
    link(one, file, "f");
    assertThat(readAll(two, "f")).isEqualTo("all at once");
    assertThat(find(two, "f").links()).isEqualTo(1);
    link(two, file, "g");
    close(one, file.handle());
    assertThat(readAll(two, "g")).isEqualTo("all at once");
  }

  @Test
  void onceWithoutANameAgainItGetsNone() throws Exception {
    Opened file = make(OpenFlags.READ_WRITE);
    link(one, file, "f");
    two.namespace().unlink(USER, InodeId.ROOT, name("f"));
    assertFails(Errno.ENOENT, () -> link(one, file, "f"));
    long other = create(one, "g");
    one.namespace().unlink(USER, InodeId.ROOT, name("g"));
    InodeId unlinked = one.files().inode(other);
    assertFails(Errno.ENOENT, () -> one.namespace().link(USER, unlinked, InodeId.ROOT, name("h")));
  }

  @Test
  void exclusivelyItNeverGetsOne() throws Exception {
    Opened file = make(OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE);
    assertFails(Errno.ENOENT, () -> link(one, file, "f"));
  }

  @Test
  void itIsOpenedAgainWhileItIsOpen() throws Exception {
    Opened file = make(OpenFlags.READ_WRITE);
    InodeId inode = file.attributes().inode();
    long again = one.files().open(USER, inode, OpenFlags.READ_ONLY).handle();
    write(one, file.handle(), 0, "seen");
    assertThat(Volume.read(one, again, 0, 10)).isEqualTo("seen");
    assertFails(Errno.ESTALE, () -> two.files().open(USER, inode, OpenFlags.READ_ONLY));
    close(one, file.handle());
    close(one, again);
    assertFails(Errno.ESTALE, () -> one.files().open(USER, inode, OpenFlags.READ_ONLY));
  }

  @Test
  void onlyInADirectory() throws Exception {
    create(one, "f");
    InodeId file = find(one, "f").inode();
    assertFails(
        Errno.ENOTDIR,
        () -> one.files().createUnnamed(USER, file, CreateMode.of(0640), OpenFlags.READ_WRITE));
  }
}
