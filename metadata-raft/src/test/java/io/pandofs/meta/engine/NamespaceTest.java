package io.pandofs.meta.engine;

import static io.pandofs.meta.engine.EngineRig.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import org.junit.jupiter.api.Test;

class NamespaceTest {
  private static final InodeId ROOT = InodeId.ROOT;

  private final EngineRig rig = new EngineRig();

  @Test
  void newEntriesOfASetgidDirectoryTakeItsGroup() throws Exception {
    InodeId dir = rig.create(ROOT, "d", FileType.DIRECTORY, 02775).inode();
    rig.submit(new Operation.SetAttributes(dir, null, null, 42, null, null, null));
    rig.caller = new Caller(5, 6);
    assertThat(rig.create(dir, "f", FileType.REGULAR).gid()).isEqualTo(42);
    assertThat(rig.create(dir, "s", FileType.DIRECTORY, 0755))
        .satisfies(sub -> assertThat(sub.permissions()).isEqualTo(02755))
        .satisfies(sub -> assertThat(sub.gid()).isEqualTo(42));
    assertThat(rig.create(ROOT, "g", FileType.REGULAR).gid()).isEqualTo(6);
  }

  @Test
  void writersAndNewOwnersLosePrivilegedBits() throws Exception {
    InodeId file = rig.create(ROOT, "f", FileType.REGULAR, 06755).inode();
    rig.submit(rig.write(file, 0, 4));
    assertThat(rig.attributes(file).permissions()).isEqualTo(06755);
    rig.caller = new Caller(5, 0);
    rig.submit(rig.write(file, 0, 4));
    assertThat(rig.attributes(file).permissions()).isEqualTo(0755);
    rig.caller = Caller.ROOT;
    rig.submit(new Operation.SetAttributes(file, 06744, null, null, null, null, null));
    rig.submit(new Operation.SetAttributes(file, null, 9, null, null, null, null));
    // Without group execute setgid means mandatory locking, and stays for root.
    assertThat(rig.attributes(file).permissions()).isEqualTo(02744);
    rig.submit(new Operation.SetAttributes(file, 06755, null, null, null, null, null));
    // What the kernel makes of chown(-1, -1).
    rig.submit(new Operation.SetAttributes(file, null, null, null, null, null, null));
    assertThat(rig.attributes(file).permissions()).isEqualTo(0755);
    InodeId dir = rig.create(ROOT, "d", FileType.DIRECTORY, 06755).inode();
    rig.submit(new Operation.SetAttributes(dir, null, 9, 9, null, null, null));
    assertThat(rig.attributes(dir).permissions()).isEqualTo(06755);
  }

  @Test
  void implicitTimesGrowThoughTheClockStands() throws Exception {
    InodeId file = rig.file("f");
    Timestamp future = new Timestamp(2_000_000_000, 5);
    rig.submit(new Operation.SetAttributes(file, null, null, null, null, null, future));
    Timestamp changed = rig.attributes(file).changed();
    rig.now = Timestamp.EPOCH;
    rig.submit(rig.write(file, 0, 4));
    assertThat(rig.attributes(file).modified()).isEqualTo(future.next());
    assertThat(rig.attributes(file).changed()).isEqualTo(changed.next());
  }

  @Test
  void aFileHas65000LinksAndADirectoryAsManyAsItHasChildren() throws Exception {
    InodeId file = rig.file("f");
    for (int i = 1; i < 65_000; i++) {
      rig.submit(new Operation.Link(file, ROOT, name("l" + i)));
    }
    assertThat(rig.attributes(file).links()).isEqualTo(65_000);
    assertThat(rig.errno(new Operation.Link(file, ROOT, name("one more")))).isEqualTo(Errno.EMLINK);
  }

  @Test
  void aDirectoryIsNotMovedIntoItselfNorExchangedWithItsAncestor() throws Exception {
    InodeId a = rig.directory("a");
    InodeId b = rig.create(a, "b", FileType.DIRECTORY).inode();
    InodeId c = rig.create(b, "c", FileType.DIRECTORY).inode();
    assertThat(rename(ROOT, "a", c, "x", 0)).isEqualTo(Errno.EINVAL);
    assertThat(rename(ROOT, "a", a, "x", 0)).isEqualTo(Errno.EINVAL);
    assertThat(rename(b, "c", ROOT, "a", 0)).isEqualTo(Errno.ENOTEMPTY);
    assertThat(rename(b, "c", ROOT, "a", 2)).isEqualTo(Errno.EINVAL);
    assertThat(rename(ROOT, "a", b, "c", 2)).isEqualTo(Errno.EINVAL);
    assertThat(rig.view().parent(c)).isEqualTo(b);
  }

  @Test
  void exchangingADirectoryWithAFileMovesItsLink() throws Exception {
    InodeId a = rig.directory("a");
    InodeId b = rig.directory("b");
    InodeId sub = rig.create(a, "sub", FileType.DIRECTORY).inode();
    rig.create(b, "file", FileType.REGULAR);
    assertThat(rename(a, "sub", b, "file", 2)).isEqualTo(Errno.OK);
    assertThat(rig.attributes(a).links()).isEqualTo(2);
    assertThat(rig.attributes(b).links()).isEqualTo(3);
    assertThat(rig.view().parent(sub)).isEqualTo(b);
    assertThat(rig.view().lookup(a, name("sub")).type()).isEqualTo(FileType.REGULAR);
  }

  @Test
  void nothingIsMadeInARemovedDirectoryWhichStillAnswers() throws Exception {
    InodeId dir = rig.directory("d");
    InodeId file = rig.file("f");
    rig.submit(new Operation.RemoveDirectory(ROOT, name("d")));
    assertThat(rig.attributes(dir).links()).isZero();
    Operation create =
        new Operation.Create(
            dir, name("x"), rig.nextInode(), FileType.REGULAR, 0644, 0, null, true);
    assertThat(rig.errno(create)).isEqualTo(Errno.ENOENT);
    assertThat(rig.errno(new Operation.Link(file, dir, name("x")))).isEqualTo(Errno.ENOENT);
    assertThat(rename(ROOT, "f", dir, "x", 0)).isEqualTo(Errno.ENOENT);
  }

  @Test
  void createWithoutExclusiveAnswersTheFileThatIsThere() {
    InodeId file = rig.file("f");
    rig.directory("d");
    rig.create(ROOT, "s", FileType.SYMLINK);
    assertThat(open("f").attributes().inode()).isEqualTo(file);
    assertThat(open("d").errno()).isEqualTo(Errno.EISDIR);
    assertThat(open("s").errno()).isEqualTo(Errno.EEXIST);
  }

  @Test
  void numbersOfOthersAndNumbersInUseAreRefused() {
    InodeId file = rig.file("f");
    assertThat(rig.errno(make(new InodeId(1L << 40)))).isEqualTo(Errno.EINVAL);
    assertThat(rig.errno(make(file))).isEqualTo(Errno.EIO);
  }

  @Test
  void aRefusedOperationLeavesNothingBehind() {
    rig.directory("d");
    rig.create(ROOT, "f", FileType.REGULAR);
    byte[] before = hashWithoutSession();
    assertThat(rename(ROOT, "f", ROOT, "d", 0)).isEqualTo(Errno.EISDIR);
    assertThat(rig.errno(new Operation.Unlink(ROOT, name("none")))).isEqualTo(Errno.ENOENT);
    assertThat(hashWithoutSession()).isEqualTo(before);
  }

  private byte[] hashWithoutSession() {
    MemoryStore copy = rig.store.copy();
    Sessions.remove(copy, rig.session);
    return TableHash.of(copy);
  }

  private Operation make(InodeId number) {
    return new Operation.Create(ROOT, name("n"), number, FileType.REGULAR, 0644, 0, null, true);
  }

  private Reply open(String name) {
    return rig.submit(
        new Operation.Create(
            ROOT, name(name), rig.nextInode(), FileType.REGULAR, 0644, 0, null, false));
  }

  private Errno rename(InodeId from, String name, InodeId to, String newName, int flags) {
    return rig.errno(new Operation.Rename(from, name(name), to, name(newName), flags));
  }
}
