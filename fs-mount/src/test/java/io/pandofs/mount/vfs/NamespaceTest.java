package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.Operation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NamespaceTest {

  private final Volume volume = new Volume();
  private final Vfs one = volume.mount();
  private final Vfs two = volume.mount();

  @AfterEach
  void close() {
    volume.close();
  }

  @Test
  void whatOneMountDoesTheOtherSees() throws Exception {
    Attributes made =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), CreateMode.of(0750));
    assertThat(find(two, "d")).isEqualTo(made);
    assertThat(made.permissions()).isEqualTo(0750);
    assertThat(made.uid()).isEqualTo(1000);
    two.namespace().rename(USER, InodeId.ROOT, name("d"), InodeId.ROOT, name("e"), 0);
    assertFails(Errno.ENOENT, () -> find(one, "d"));
    assertThat(find(one, "e").inode()).isEqualTo(made.inode());
    one.namespace().removeDirectory(USER, InodeId.ROOT, name("e"));
    assertFails(Errno.ENOENT, () -> find(two, "e"));
  }

  /** ESTALE would make the kernel call again; after an open with O_EXCL it must not. */
  @Test
  void aNameWhoseFileIsGoneAMomentLaterIsLookedUpAnew() throws Exception {
    TestSession session = new TestSession(volume.tree.newSession());
    List<MetadataSession> sessions = new ArrayList<>(List.of(session, volume.tree.newSession()));
    Vfs other = volume.mount(Volume.CALM, () -> sessions.remove(0));
    long unused = create(other, "f");
    AtomicInteger views = new AtomicInteger();
    session.onView(
        () -> {
          // The first shows who has the lease: it is the file's holder that is looked at next.
          if (views.incrementAndGet() == 2) {
            volume.tree.expire(session.id());
            unlink("f");
            volume.tree.reap();
          }
        });
    assertFails(Errno.ENOENT, () -> find(other, "f"));
    assertThat(sessions).isEmpty();
  }

  private void unlink(String file) {
    try {
      one.namespace().unlink(USER, InodeId.ROOT, name(file));
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void everyTypeOfNode() throws Exception {
    Namespace names = one.namespace();
    for (FileType type :
        List.of(
            FileType.REGULAR,
            FileType.FIFO,
            FileType.SOCKET,
            FileType.CHARACTER_DEVICE,
            FileType.BLOCK_DEVICE)) {
      Attributes made =
          names.makeNode(USER, InodeId.ROOT, name(type.name()), type, CreateMode.of(0600), 0x103);
      assertThat(find(two, type.name()).type()).isEqualTo(type);
      assertThat(made.links()).isEqualTo(1);
    }
    byte[] target = "some/where".getBytes(StandardCharsets.UTF_8);
    Attributes link = names.makeSymlink(USER, InodeId.ROOT, name("s"), target);
    assertThat(two.namespace().readLink(link.inode())).isEqualTo(target);
    assertFails(Errno.EINVAL, () -> names.readLink(InodeId.ROOT));
  }

  @Test
  void renameFlags() throws Exception {
    Attributes a =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("a"), CreateMode.of(0755));
    Attributes b =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("b"), CreateMode.of(0755));
    assertFails(
        Errno.EEXIST,
        () ->
            one.namespace()
                .rename(
                    USER,
                    InodeId.ROOT,
                    name("a"),
                    InodeId.ROOT,
                    name("b"),
                    Operation.RENAME_NOREPLACE));
    one.namespace()
        .rename(USER, InodeId.ROOT, name("a"), InodeId.ROOT, name("b"), Operation.RENAME_EXCHANGE);
    assertThat(find(two, "a").inode()).isEqualTo(b.inode());
    assertThat(find(two, "b").inode()).isEqualTo(a.inode());
    assertFails(
        Errno.EINVAL,
        () -> one.namespace().rename(USER, InodeId.ROOT, name("a"), InodeId.ROOT, name("b"), 64));
  }

  @Test
  void timesAreSetTakenFromTheClockOrLeftAlone() throws Exception {
    InodeId inode =
        one.namespace()
            .makeNode(USER, InodeId.ROOT, name("f"), FileType.REGULAR, CreateMode.of(0644), 0)
            .inode();
    Timestamp given = new Timestamp(12, 34);
    Attributes before = one.namespace().attributes(inode);
    Attributes after =
        one.namespace().change(USER, inode, AttributeChange.times(new TimeChange.At(given), null));
    assertThat(after.accessed()).isEqualTo(given);
    assertThat(after.modified()).isEqualTo(before.modified());
    assertThat(after.changed()).isGreaterThan(before.changed());
    Attributes now =
        one.namespace().change(USER, inode, AttributeChange.times(null, new TimeChange.Now()));
    assertThat(now.accessed()).isEqualTo(given);
    assertThat(now.modified()).isGreaterThan(before.modified());
  }

  @Test
  void pathsAreWalkedOnOneView() throws Exception {
    InodeId d =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), CreateMode.of(0755)).inode();
    InodeId e = one.namespace().makeDirectory(USER, d, name("e"), CreateMode.of(0755)).inode();
    assertThat(two.namespace().walk(List.of(name("d"), name("e")))).isEqualTo(e);
    assertThat(two.namespace().walk(List.of())).isEqualTo(InodeId.ROOT);
    assertFails(Errno.ENOENT, () -> two.namespace().walk(List.of(name("d"), name("x"))));
  }

  @Test
  void namesAreBytes() throws Exception {
    FileName odd = FileName.of(new byte[] {(byte) 0xff, 'x', (byte) 0x80});
    one.namespace().makeDirectory(USER, InodeId.ROOT, odd, CreateMode.of(0755));
    long handle = two.directories().open(InodeId.ROOT, 0);
    assertThat(two.directories().read(handle, 2, 10).get(0).name()).isEqualTo(odd.toBytes());
    two.directories().release(handle);
  }

  @Test
  void aDirectoryIsReadInPartsWhileItChanges() throws Exception {
    for (int i = 0; i < 100; i++) {
      one.namespace().makeDirectory(USER, InodeId.ROOT, name("d" + i), CreateMode.of(0755));
    }
    long handle = two.directories().open(InodeId.ROOT, 0);
    Set<String> seen = new HashSet<>();
    long cookie = 0;
    int round = 0;
    while (true) {
      List<DirectoryOperations.Entry> entries = two.directories().read(handle, cookie, 7);
      if (entries.isEmpty()) {
        break;
      }
      for (DirectoryOperations.Entry entry : entries) {
        assertThat(seen.add(new String(entry.name(), StandardCharsets.UTF_8))).isTrue();
        cookie = entry.cookie();
      }
      one.namespace().makeDirectory(USER, InodeId.ROOT, name("new" + round++), CreateMode.of(0755));
    }
    two.directories().release(handle);
    assertThat(seen).contains(".", "..");
    for (int i = 0; i < 100; i++) {
      assertThat(seen).contains("d" + i);
    }
  }

  @Test
  void aRemovedDirectoryThatIsOpenReadsAsEmpty() throws Exception {
    InodeId d =
        one.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), CreateMode.of(0755)).inode();
    long handle = one.directories().open(d, 0);
    two.namespace().removeDirectory(USER, InodeId.ROOT, name("d"));
    assertThat(one.directories().read(handle, 2, 10)).isEmpty();
    long again = one.directories().open(d, 0);
    assertFails(Errno.ESTALE, () -> two.directories().open(d, 0));
    one.directories().release(handle);
    assertThat(one.directories().read(again, 2, 10)).isEmpty();
    one.directories().release(again);
    assertFails(Errno.EBADF, () -> one.directories().read(again, 0, 1));
    assertFails(Errno.ESTALE, () -> one.directories().open(d, 0));
  }

  @Test
  void extendedAttributes() throws Exception {
    byte[] name = "user.a".getBytes(StandardCharsets.UTF_8);
    byte[] value = {1, 2, 3};
    one.xattrs().set(USER, InodeId.ROOT, name, value, 0);
    assertThat(two.xattrs().get(InodeId.ROOT, name)).isEqualTo(value);
    assertThat(two.xattrs().list(Caller.ROOT, InodeId.ROOT, true)).containsExactly(name);
    assertFails(
        Errno.EEXIST,
        () -> two.xattrs().set(USER, InodeId.ROOT, name, value, Operation.XATTR_CREATE));
    byte[] trusted = "trusted.b".getBytes(StandardCharsets.UTF_8);
    one.xattrs().set(Caller.ROOT, InodeId.ROOT, trusted, value, 0);
    assertThat(two.xattrs().list(USER, InodeId.ROOT, true)).containsExactly(name);
    assertThat(two.xattrs().list(Caller.ROOT, InodeId.ROOT, true))
        .containsExactlyInAnyOrder(name, trusted);
    one.xattrs().remove(Caller.ROOT, InodeId.ROOT, trusted);
    two.xattrs().remove(USER, InodeId.ROOT, name);
    assertFails(Errno.ENODATA, () -> one.xattrs().get(InodeId.ROOT, name));
    byte[] unknown = "mine.a".getBytes(StandardCharsets.UTF_8);
    assertFails(Errno.EOPNOTSUPP, () -> one.xattrs().set(USER, InodeId.ROOT, unknown, value, 0));
  }

  @Test
  void spaceIsWhatTheCapacitySays() throws Exception {
    volume.freeBytes = 1 << 20;
    assertThat(one.statfs()).isEqualTo(new VolumeSpace(1L << 40, 1 << 20, 1));
  }
}
