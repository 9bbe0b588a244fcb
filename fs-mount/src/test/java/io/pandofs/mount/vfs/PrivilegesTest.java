package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.XattrName;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Access control lists, capabilities and times of access on two mounts. */
final class PrivilegesTest {

  /** rwx for the owner, rw- for user 5, r-x for the group, mask rwx, nothing for others. */
  private static final String LIST =
      "02000000"
          + "01000700ffffffff"
          + "0200060005000000"
          + "04000500ffffffff"
          + "10000700ffffffff"
          + "20000000ffffffff";

  private static final byte[] CAPABILITY = HexFormat.of().parseHex("0100000200200000");

  private final Volume volume = new Volume();
  private final Vfs one = volume.mount();
  private final Vfs two = volume.mount();

  @AfterEach
  void close() {
    volume.close();
  }

  private static Acl list() throws Exception {
    return Acl.of(HexFormat.of().parseHex(LIST));
  }

  private static byte[] access(Vfs vfs, InodeId inode) throws Exception {
    return vfs.xattrs().get(inode, Acl.Kind.ACCESS.attribute());
  }

  @Test
  void aDefaultListTakesThePlaceOfTheUmask() throws Exception {
    CreateMode asked = new CreateMode(0666, 077);
    Attributes before =
        one.namespace().makeNode(USER, InodeId.ROOT, name("a"), FileType.FIFO, asked, 0);
    assertThat(before.permissions()).isEqualTo(0600);
    one.xattrs().setAcl(USER, InodeId.ROOT, Acl.Kind.DEFAULT, list(), false);
    Attributes fifo =
        two.namespace().makeNode(USER, InodeId.ROOT, name("b"), FileType.FIFO, asked, 0);
    assertThat(fifo.permissions()).isEqualTo(0660);
    assertThat(access(one, fifo.inode())).isEqualTo(list().withMode(0660).toBytes());
    Attributes unnamed =
        two.files().createUnnamed(USER, InodeId.ROOT, asked, OpenFlags.READ_WRITE).attributes();
    assertThat(unnamed.permissions()).isEqualTo(0660);
    Attributes below =
        two.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), new CreateMode(0777, 077));
    assertThat(below.permissions()).isEqualTo(0770);
    assertThat(one.xattrs().get(below.inode(), Acl.Kind.DEFAULT.attribute()))
        .isEqualTo(list().toBytes());
  }

  @Test
  void aListOfAFileWithUnsentWritesIsKept() throws Exception {
    long handle = create(one, "f");
    InodeId file = find(one, "f").inode();
    Volume.write(one, handle, 0, "abc");
    one.xattrs().setAcl(USER, file, Acl.Kind.ACCESS, list(), false);
    one.files().fsync(handle);
    assertThat(find(two, "f").permissions()).isEqualTo(0770);
    two.namespace().change(USER, file, AttributeChange.permissions(0714));
    assertThat(access(one, file)).isEqualTo(list().withMode(0714).toBytes());
    one.xattrs().setAcl(USER, file, Acl.Kind.ACCESS, null, false);
    assertFails(Errno.ENODATA, () -> access(two, file));
    assertThat(find(two, "f").permissions()).isEqualTo(0714);
    assertFails(
        Errno.EACCES, () -> one.xattrs().setAcl(USER, file, Acl.Kind.DEFAULT, list(), false));
  }

  @Test
  void aWriteThatIsNotSentYetTakesACapabilityAway() throws Exception {
    long handle = create(one, "f");
    InodeId file = find(one, "f").inode();
    byte[] name = XattrName.capability();
    for (Vfs looker : new Vfs[] {one, two}) {
      Volume.write(one, handle, 0, "abc");
      one.xattrs().set(Caller.ROOT, file, name, CAPABILITY, 0);
      assertThat(looker.xattrs().get(file, name)).isEqualTo(CAPABILITY);
      Volume.write(one, handle, 0, "other");
      assertFails(Errno.ENODATA, () -> looker.xattrs().get(file, name));
    }
  }

  @Test
  void lookingAtACapabilityDoesNotTellOfALoss() throws Exception {
    long handle = create(one, "f");
    InodeId file = find(one, "f").inode();
    byte[] name = XattrName.capability();
    one.xattrs().set(Caller.ROOT, file, name, CAPABILITY, 0);
    volume.blocks.failPuts(1);
    Volume.write(one, handle, 0, "lost");
    assertFails(Errno.ENOSPC, () -> one.files().fsync(handle));
    one.files().release(handle);
    long again = create(one, "f");
    volume.blocks.failPuts(1);
    Volume.write(one, again, 0, "lost too");
    assertThat(one.xattrs().get(file, name)).isEqualTo(CAPABILITY);
    assertThat(one.lostFiles()).isEqualTo(1);
    assertFails(Errno.ENOSPC, () -> one.files().fsync(again));
  }

  private Vfs mount(AccessTime rule, boolean syncOnWrite) {
    VfsOptions usual = VfsOptions.DEFAULT;
    return volume.mount(
        new VfsOptions(
            usual.dirtyBytesMax(),
            usual.cacheBytesMax(),
            usual.readAheadBytesMax(),
            Duration.ofHours(1),
            rule,
            usual.patience(),
            usual.leasePatience(),
            syncOnWrite,
            false));
  }

  @Test
  void atimeMovesAsTheMountsRuleSays() throws Exception {
    InodeId link =
        one.namespace().makeSymlink(USER, InodeId.ROOT, name("l"), new byte[] {'x'}).inode();
    Timestamp made = one.namespace().attributes(link).accessed();
    Vfs never = mount(AccessTime.NOATIME, false);
    Vfs always = mount(AccessTime.STRICTATIME, false);
    assertThat(never.namespace().readLink(link)).hasSize(1);
    assertThat(one.namespace().attributes(link).accessed()).isEqualTo(made);
    assertThat(one.namespace().readLink(link)).hasSize(1);
    await().until(() -> !one.namespace().attributes(link).accessed().equals(made));
    Timestamp read = one.namespace().attributes(link).accessed();
    assertThat(two.namespace().readLink(link)).hasSize(1);
    assertThat(two.namespace().attributes(link).accessed()).isEqualTo(read);
    assertThat(always.namespace().readLink(link)).hasSize(1);
    await().until(() -> !one.namespace().attributes(link).accessed().equals(read));
  }

  @Test
  void whatIsReadInTheFutureHasItsAtimeMovedOnceASecondAtMost() throws Exception {
    InodeId link =
        one.namespace().makeSymlink(USER, InodeId.ROOT, name("l"), new byte[] {'x'}).inode();
    Timestamp future = new Timestamp(1L << 33, 0);
    AttributeChange ahead =
        new AttributeChange(null, null, null, null, null, new TimeChange.At(future));
    Timestamp before = one.namespace().change(USER, link, ahead).accessed();
    assertThat(one.namespace().readLink(link)).hasSize(1);
    assertThat(one.namespace().attributes(link).accessed()).isEqualTo(before);
  }

  @Test
  void aSynchronousMountCommitsEachWrite() throws Exception {
    Vfs calm = mount(AccessTime.RELATIME, false);
    Volume.write(calm, create(calm, "calm"), 0, "abc");
    assertThat(volume.tree().stats().storedBytes()).isZero();
    Vfs synchronous = mount(AccessTime.RELATIME, true);
    Volume.write(synchronous, create(synchronous, "sync"), 0, "abc");
    assertThat(volume.tree().stats().storedBytes()).isEqualTo(3);
  }

  @Test
  void whereListsAreNotObeyedNobodyHasMoreThanByThem() throws Exception {
    create(one, "f");
    InodeId file = find(one, "f").inode();
    Attributes plain = find(one, "f");
    assertThat(one.xattrs().withoutAcl(plain)).isEqualTo(plain);
    one.xattrs().setAcl(USER, file, Acl.Kind.ACCESS, list(), false);
    assertThat(find(one, "f").permissions()).isEqualTo(0770);
    assertThat(one.xattrs().withoutAcl(find(one, "f")).permissions()).isEqualTo(0750);
    assertThat(one.xattrs().list(USER, file, true)).hasSize(1);
    assertThat(one.xattrs().list(USER, file, false)).isEmpty();
    Attributes gone =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), CreateMode.of(0755));
    two.namespace().removeDirectory(USER, InodeId.ROOT, name("d"));
    volume.tree().reap();
    assertThat(one.xattrs().withoutAcl(gone)).isEqualTo(gone);
  }

  @Test
  void lookingIntoADirectoryOrLinkMovesAtimeOnce() throws Exception {
    InodeId directory =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), CreateMode.of(0755)).inode();
    InodeId link =
        one.namespace().makeSymlink(USER, InodeId.ROOT, name("l"), new byte[] {'x'}).inode();
    Attributes before = one.namespace().attributes(directory);
    long unnoted = one.directories().open(directory, OpenFlags.NO_ACCESS_TIME);
    assertThat(one.directories().read(unnoted, 0, 10)).hasSize(2);
    long handle = one.directories().open(directory, 0);
    Attributes linked = one.namespace().attributes(link);
    assertThat(one.namespace().readLink(link)).hasSize(1);
    await()
        .until(() -> two.namespace().attributes(link).accessed().compareTo(linked.accessed()) > 0);
    assertThat(one.namespace().attributes(directory).accessed()).isEqualTo(before.accessed());
    assertThat(one.directories().read(handle, 0, 10)).hasSize(2);
    await()
        .until(
            () ->
                two.namespace().attributes(directory).accessed().compareTo(before.accessed()) > 0);
    assertThat(two.namespace().attributes(directory).changed()).isEqualTo(before.changed());
  }
}
