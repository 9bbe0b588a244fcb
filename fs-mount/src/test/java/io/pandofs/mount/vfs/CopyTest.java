package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.close;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.open;
import static io.pandofs.mount.vfs.Volume.read;
import static io.pandofs.mount.vfs.Volume.readAll;
import static io.pandofs.mount.vfs.Volume.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** copy_file_range(2). */
@Timeout(60)
class CopyTest {
  private final Volume volume = new Volume();
  private final Vfs one = volume.mount();
  private final Vfs two = volume.mount();

  @AfterEach
  void end() {
    volume.close();
  }

  private static long copy(Vfs vfs, long from, long at, long to, long toAt, long length)
      throws Exception {
    return vfs.files().copy(USER, from, at, to, toAt, length);
  }

  @Test
  void bytesAreThoseOfBothFilesAndNoBlockIsMade() throws Exception {
    long from = create(one, "from");
    write(one, from, 0, "0123456789");
    one.files().fsync(from);
    long blocks = volume.blocks.count();
    long to = create(one, "to");
    assertThat(copy(one, from, 2, to, 5, 4)).isEqualTo(4);
    assertThat(volume.blocks.count()).isEqualTo(blocks);
    assertThat(readAll(two, "to")).isEqualTo("\0\0\0\0\u00002345");
    write(one, from, 3, "X");
    assertThat(readAll(two, "from")).isEqualTo("012X456789");
    assertThat(readAll(two, "to")).isEqualTo("\0\0\0\0\u00002345");
    one.namespace().unlink(USER, InodeId.ROOT, Volume.name("from"));
    close(one, from);
    assertThat(readAll(two, "to")).isEqualTo("\0\0\0\0\u00002345");
  }

  /** Neither what is unsent here nor what another mount has not sent is missed. */
  @Test
  void whatIsDirtyIsCopied() throws Exception {
    long from = create(one, "from");
    write(one, from, 0, "dirty here");
    long to = create(two, "to");
    write(two, to, 0, "dirty too, and longer");
    long theirs = open(two, "from", OpenFlags.READ_ONLY);
    assertThat(copy(two, theirs, 0, to, 0, 5)).isEqualTo(5);
    assertThat(readAll(one, "to")).isEqualTo("dirty too, and longer");
    write(one, from, 0, "other");
    assertThat(copy(two, theirs, 0, to, 6, 100)).isEqualTo(10);
    assertThat(readAll(one, "to")).isEqualTo("dirty other hered longer".substring(0, 16) + "onger");
    assertThat(read(two, to, 0, 100)).hasSize(21);
  }

  /** Its unsent bytes come before the copy, and none of them over it later. */
  @Test
  void aTargetThatAnotherMountHoldsIsGivenBackFirst() throws Exception {
    long from = create(one, "from");
    write(one, from, 0, "copied");
    long theirs = create(two, "to");
    long to = open(one, "to", OpenFlags.WRITE_ONLY);
    write(two, theirs, 0, "0123456789");
    assertThat(copy(one, from, 0, to, 2, 6)).isEqualTo(6);
    two.files().fsync(theirs);
    assertThat(readAll(one, "to")).isEqualTo("01copied89");
    assertThat(read(two, theirs, 0, 100)).isEqualTo("01copied89");
  }

  @Test
  void holesAreCopiedToo() throws Exception {
    long from = create(one, "from");
    write(one, from, 8192, "end");
    long to = create(one, "to");
    write(one, to, 0, "a".repeat(8192));
    assertThat(copy(one, from, 0, to, 0, 9000)).isEqualTo(8195);
    assertThat(readAll(two, "to")).isEqualTo("\0".repeat(8192) + "end");
    assertThat(find(two, "to").allocatedBytes()).isEqualTo(3);
  }

  @Test
  void itEndsWithTheSource() throws Exception {
    long from = create(one, "from");
    write(one, from, 0, "short");
    long to = create(one, "to");
    assertThat(copy(one, from, 5, to, 0, 10)).isZero();
    assertThat(copy(one, from, 99, to, 0, 10)).isZero();
    assertThat(find(two, "to").sizeBytes()).isZero();
    assertThat(copy(one, from, 3, to, 0, Long.MAX_VALUE)).isEqualTo(2);
    assertThat(readAll(two, "to")).isEqualTo("rt");
  }

  @Test
  void aFileIsCopiedIntoItself() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "abcdef");
    assertThat(copy(one, handle, 0, handle, 6, 3)).isEqualTo(3);
    assertThat(copy(one, handle, 6, handle, 2, 3)).isEqualTo(3);
    assertThat(readAll(two, "f")).isEqualTo("ababcfabc");
    assertFails(Errno.EINVAL, () -> copy(one, handle, 0, handle, 2, 3));
  }

  @Test
  void badRequestsAreRefused() throws Exception {
    long from = create(one, "from");
    write(one, from, 0, "x");
    long to = create(one, "to");
    long readOnly = open(one, "to", OpenFlags.READ_ONLY);
    long writeOnly = open(one, "from", OpenFlags.WRITE_ONLY);
    assertFails(Errno.EBADF, () -> copy(one, from, 0, readOnly, 0, 1));
    assertFails(Errno.EBADF, () -> copy(one, writeOnly, 0, to, 0, 1));
    assertFails(Errno.EINVAL, () -> copy(one, from, -1, to, 0, 1));
    assertFails(Errno.EINVAL, () -> copy(one, from, 0, to, -1, 1));
    assertFails(Errno.EINVAL, () -> copy(one, from, 0, to, 0, -1));
    assertFails(Errno.EFBIG, () -> copy(one, from, 0, to, Long.MAX_VALUE, 1));
  }

  /** One entry does so much; who asks goes on where it ended. */
  @Test
  void aFileInManyExtentsIsCopiedInParts() throws Exception {
    long from = create(one, "from");
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 600; i++) {
      write(one, from, 2L * i, "x");
      all.append("x\0");
    }
    long to = create(one, "to");
    long done = 0;
    int calls = 0;
    for (long copied = 1; copied > 0; calls++) {
      copied = copy(one, from, done, to, done, 10_000);
      done += copied;
    }
    assertThat(calls).isGreaterThan(2);
    assertThat(readAll(two, "to")).isEqualTo(all.substring(0, 1199));
  }
}
